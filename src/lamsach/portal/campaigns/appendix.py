"""The default reporting form: the 2022 dispatch's appendix to the letter. It is the form's first version; it changes with the law, as data."""

from __future__ import annotations

from lamsach.letters.appendix_2022 import APPENDIX_2022, NAME

__all__ = ["APPENDIX_2022", "NAME"]
