"""Cloud Storage's errors in our words. The client library lets those of its HTTP library through as well."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException

from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from requests import RequestException
from urllib3.exceptions import HTTPError

from shared.adapters.gcp import errors
from shared.errors import NotFound, Unavailable, Unknown

BROKEN = (RequestException, HTTPError, HTTPException, DataCorruption, InvalidResponse)
"""The connection failed, or what came over it is not what was sent."""


@contextmanager
def reading(key: str) -> Iterator[None]:
    """Around requests that change nothing."""
    try:
        with errors.reading():
            yield
    except NotFound as error:
        raise NotFound(f"no object {key}") from error
    except BROKEN as error:
        raise Unavailable(f"{key}: {type(error).__name__}: {error}"[:500]) from error


@contextmanager
def writing(key: str) -> Iterator[None]:
    """Around requests that store something: that there is no such bucket is no fault of the caller's."""
    try:
        with errors.writing():
            yield
    except NotFound as error:
        raise Unavailable(f"there is no bucket for {key}") from error
    except BROKEN as error:
        raise Unknown(f"{key}: {type(error).__name__}: {error}"[:500]) from error
