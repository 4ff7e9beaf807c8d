"""
The two settings files, read by pydantic-settings; imported only where one of them is there.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, ValidationError, create_model
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from smartchain.cli.kinds import split_urls
from smartchain.cli.settings import SECRET, VARIABLES
from smartchain.errors import SettingsError

LISTS = frozenset({"rpc_url", "rpc_header", "check_rpc_url"})
Text = str | bool | None
Several = list[str] | str | None


class Toml(TomlConfigSettingsSource):
    """`smartchain.toml`, with each setting under the name of its variable."""

    def __call__(self) -> dict[str, Any]:
        return {_variable(name, self.toml_file_path): value for name, value in super().__call__().items()}


class Sources(BaseSettings):
    """Neither arguments nor the environment: those are click's."""

    model_config = SettingsConfigDict(extra="ignore", coerce_numbers_to_str=True)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], *_: PydanticBaseSettingsSource, **__: PydanticBaseSettingsSource
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return DotEnvSettingsSource(settings_cls), Toml(settings_cls)


def read_files(dotenv: Path, toml: Path) -> dict[str, Any]:
    """What the files say, `.env` first. Raises `SettingsError` naming what is wrong, never a value."""
    model = create_model(
        "Files",
        __base__=Sources,
        **{name: (Several if name in LISTS else Text, _field(variable)) for name, variable in VARIABLES.items()},  # type: ignore[call-overload]
    )
    model.model_config |= {"env_file": dotenv, "toml_file": toml}
    try:
        known: dict[str, Any] = model().model_dump(exclude_none=True)
    except ValidationError as error:
        where = ", ".join(str(one["loc"][0]) for one in error.errors())
        raise SettingsError(f"{where} in {dotenv} or {toml} has a value of another kind than it takes") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{toml} is not TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{dotenv} or {toml} cannot be read: {type(error).__name__}") from None
    return {name: _listed(name, value) if name in LISTS else value for name, value in known.items()}


def _field(variable: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(variable))


def _listed(name: str, value: list[str] | str) -> list[str]:
    if isinstance(value, list):
        return value
    return split_urls(value) if name == "rpc_url" else value.split(",")


def _variable(name: str, path: object) -> str:
    known = name.replace("-", "_")
    known = {"from": "sender", "async": "at_once"}.get(known, known)
    if known in SECRET:
        raise SettingsError(
            f"{name} does not belong in {path}, which others may read: put it in .env, or in a keystore"
        )
    if known not in VARIABLES:
        raise SettingsError(
            f"{name!r} in {path} is no setting; there are {', '.join(sorted(VARIABLES.keys() - SECRET))}"
        )
    return VARIABLES[known]
