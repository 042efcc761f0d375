"""The cases written by hand, one file per clause."""

from ..case import Case

BY_HAND: tuple[Case, ...] = ()
