"""Where Redis is, if there is one."""

from functools import cache
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

OWN_NAMES = ("127.0.0.1", "localhost", "::1")


class RedisSettings(BaseSettings):
    """
    ``OMTX_REDIS_URL``: ``rediss://`` with the password in it; none, and nothing needs it.

    ``OMTX_REDIS_CA``: certificates (PEM) of an authority that vouches for this server and no other, as each
    Memorystore instance has one. Then nobody else's are believed, and the server's name is not compared.
    ``OMTX_REDIS_LOGIN``: ``google`` logs in with an access token of the process's own identity.
    ``OMTX_REDIS_INSECURE``: the address may be ``redis://`` on another machine, as in a private network.
    ``OMTX_REDIS_ANSWER_SECONDS``: how long an answer is waited for before one goes on without it.
    """

    model_config = SettingsConfigDict(env_prefix="OMTX_REDIS_", frozen=True, hide_input_in_errors=True)

    url: Annotated[SecretStr, Field(repr=False)] = SecretStr("")
    ca: str = ""
    login: Literal["url", "google"] = "url"
    insecure: bool = False
    answer_seconds: Annotated[float, Field(gt=0, le=10)] = 0.25

    @model_validator(mode="after")
    def _reached_safely(self) -> Self:
        url = urlsplit(self.url.get_secret_value())
        own = url.scheme == "unix" or url.hostname in OWN_NAMES
        if url.scheme not in ("", "rediss") and not (own or self.insecure):
            raise ValueError("OMTX_REDIS_URL must be rediss://, or OMTX_REDIS_INSECURE=1 says why not")
        return self

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        url = urlsplit(self.url.get_secret_value())
        if self.ca and url.scheme != "rediss":
            raise ValueError("OMTX_REDIS_CA is for a server that is reached by rediss://")
        if self.login == "google" and url.scheme != "rediss":
            raise ValueError("OMTX_REDIS_LOGIN=google needs rediss://: a token opens more than Redis")
        if self.login == "google" and (url.username or url.password):
            raise ValueError("OMTX_REDIS_LOGIN=google needs no user and no password in OMTX_REDIS_URL")
        return self


@cache
def redis_settings() -> RedisSettings:
    """The settings of this process."""
    return RedisSettings()
