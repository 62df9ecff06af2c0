"""Settings for static analysis, such as mypy: no data folder is read or written."""

from __future__ import annotations

import os
import tempfile

os.environ["LAMSACH_DATA"] = tempfile.gettempdir()
os.environ["LAMSACH_SECRET_KEY"] = "only for looking at the code"  # noqa: S105

from lamsach.portal.settings import *  # noqa: F403
