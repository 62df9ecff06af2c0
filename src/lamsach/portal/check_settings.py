"""The settings for tools that only look at the code, such as the type checker: nothing is read from or written to a data folder."""

from __future__ import annotations

import os
import tempfile

os.environ["LAMSACH_DATA"] = tempfile.gettempdir()
os.environ["LAMSACH_SECRET_KEY"] = "only for looking at the code"  # noqa: S105

from lamsach.portal.settings import *  # noqa: F403
