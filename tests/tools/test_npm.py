"""How the registry of this machine is found, and what is done when it fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.registry import Registry, serve
from tools.npm import Npm, NpmError, parse_npmrc, read_settings


@pytest.fixture
def registry() -> Iterator[Registry]:
    with serve() as held:
        yield held


def npm_of(folder: Path, registry: Registry, **environ: str) -> Npm:
    return Npm(folder, {"HOME": str(folder), "PATH": "", "npm_config_registry": registry.url, **environ})


def test_a_tarball_with_another_digest_is_refused(tmp_path: Path, registry: Registry) -> None:
    registry.add("left", "1.0.0", {"a": "changed on its way"})

    with pytest.raises(NpmError, match=r"left 1\.0\.0 .* the lock says sha512-AAAA.*nothing was installed"):
        npm_of(tmp_path, registry).tarball("left", "1.0.0", "sha512-AAAAAAAAAAAAAAAAAAAA")


def test_a_package_that_is_not_there_is_named_with_its_registry(tmp_path: Path, registry: Registry) -> None:
    with pytest.raises(NpmError, match=rf"^@a/none 2\.0\.0 is not in the npm registry {registry.url}$"):
        npm_of(tmp_path, registry).tarball("@a/none", "2.0.0", "sha512-x")


def test_a_registry_that_refuses_is_told_at_once(tmp_path: Path, registry: Registry) -> None:
    registry.statuses = [403]

    with pytest.raises(NpmError, match="answered 403"):
        npm_of(tmp_path, registry).tarball("left", "1.0.0", "sha512-x")

    assert len(registry.paths) == 1


def test_a_registry_that_is_down_for_a_moment_is_asked_again(tmp_path: Path, registry: Registry) -> None:
    digest = registry.add("left", "1.0.0", {"a": "b"})
    registry.statuses = [503]

    assert npm_of(tmp_path, registry).tarball("left", "1.0.0", digest) == registry.packages["left@1.0.0"]


def test_an_error_never_shows_a_key_of_the_address(tmp_path: Path, registry: Registry) -> None:
    registry.statuses = [401]
    secret = registry.url.replace("://", "://me:secret@") + "/private-key"

    with pytest.raises(NpmError) as caught:
        npm_of(tmp_path, registry, npm_config_registry=secret).tarball("left", "1.0.0", "sha512-x")

    assert "secret" not in str(caught.value)
    assert "private-key" not in str(caught.value)
    assert registry.logins == ["Basic bWU6c2VjcmV0"]


def test_a_registry_with_addresses_of_its_own_is_asked_where_the_tarball_is(tmp_path: Path, registry: Registry) -> None:
    registry.own_addresses = True
    digest = registry.add("@scope/left", "1.0.0", {"a": "b"})

    assert npm_of(tmp_path, registry).tarball("@scope/left", "1.0.0", digest)
    assert registry.paths[-1] == "/elsewhere/@scope/left@1.0.0"


def test_a_token_goes_to_its_own_registry_only(tmp_path: Path, registry: Registry) -> None:
    digest = registry.add("left", "1.0.0", {"a": "b"})
    host = registry.url.removeprefix("http:")
    (tmp_path / ".npmrc").write_text(f"{host}/:_authToken=${{TOKEN}}\n//elsewhere.example/:_authToken=other\n")

    npm_of(tmp_path, registry, TOKEN="mine").tarball("left", "1.0.0", digest)

    assert registry.logins == ["Bearer mine"]


@pytest.mark.parametrize("kept", [["variable", "project", "user"], ["project", "user"], ["user"], []])
def test_the_nearest_setting_chooses_the_registry(tmp_path: Path, kept: list[str]) -> None:
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    environ = {"HOME": str(home), "PATH": "", "npm_config_globalconfig": str(tmp_path / "npmrc")}
    (tmp_path / "npmrc").write_text("registry = http://machine.example")
    if "user" in kept:
        (home / ".npmrc").write_text("registry = http://user.example/\n")
    if "project" in kept:
        (project / ".npmrc").write_text("; ours\nregistry='http://project.example'\n")
    if "variable" in kept:
        environ["NPM_CONFIG_REGISTRY"] = "http://variable.example"

    assert Npm(project, environ).registry("solc") == f"http://{[*kept, 'machine'][0]}.example/"


def test_a_scope_may_have_a_registry_of_its_own(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("@foundry-rs:registry=http://scoped.example/npm\nregistry=http://all.example\n")
    npm = Npm(tmp_path, {"HOME": "/nonexistent", "PATH": ""})

    assert npm.registry("@foundry-rs/anvil") == "http://scoped.example/npm/"
    assert npm.registry("solc") == "http://all.example/"


def test_comments_lists_and_lines_without_a_value_say_nothing() -> None:
    assert parse_npmrc("# a = b\n;c = d\nca[] = x\nplain\n e = f = g \n", {}) == {"e": "f = g"}


def test_a_variable_that_is_empty_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").write_text("cafile=/ours.pem\n")

    assert (
        read_settings(tmp_path, {"HOME": "/nonexistent", "PATH": "", "npm_config_cafile": ""})["cafile"] == "/ours.pem"
    )
