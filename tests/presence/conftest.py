import pytest
from hypothesis import settings

# Two shared cores: how long an example takes says nothing about the code.
settings.register_profile("shared", deadline=None)
settings.load_profile("shared")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
