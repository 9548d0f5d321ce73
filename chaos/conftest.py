"""The fixtures of the tests, for runs that take minutes."""

from tests.conftest import *  # noqa: F403
from tests.services.conftest import *  # noqa: F403
