"""
Packages from the npm registry that this machine is set up for, without npm.

Reads what npm would: `npm_config_*` variables, then `.npmrc` of the project, the user and the machine, and npm's own
answer where it is installed. Proxies and certificates come from the usual variables too. Standard library only.
"""

import base64
import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

PUBLIC_REGISTRY = "https://registry.npmjs.org/"
PAUSES_S = (0, 0.5, 2)
TIMEOUT_S = 60
CA_VARIABLES = ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
SYSTEM_CA_FILES = ("/etc/ssl/cert.pem", "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


class NpmError(Exception):
    """A package could not be had; the sentence says why."""


def parse_npmrc(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Settings of one `.npmrc`: `key = value` lines, `${VARIABLE}` replaced, comments and lists left out."""
    settings = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if not equals or key.lstrip().startswith(("#", ";")) or key.strip().endswith("[]"):
            continue
        value = re.sub(r"\$\{(\w+)\??}", lambda found: environ.get(found[1], ""), value.strip().strip("\"'"))
        settings[key.strip()] = value
    return settings


def read_settings(project: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """What npm is set to on this machine; the nearest place wins: variables, project, user, machine."""
    settings: dict[str, str] = {}
    for file in _npmrc_files(project, environ):
        if file.is_file():
            settings |= parse_npmrc(file.read_text(errors="replace"), environ)
    for name, value in environ.items():
        if name.lower().startswith("npm_config_") and value:
            settings[name[11:] if name[11:].startswith(("@", "//")) else name[11:].lower().replace("_", "-")] = value
    return settings


def _npmrc_files(project: Path, environ: Mapping[str, str]) -> list[Path]:
    """Machine, user, project: the later one wins."""
    by_name = {name.lower(): value for name, value in environ.items()}
    home = Path(environ.get("HOME") or Path.home())
    user = Path(by_name.get("npm_config_userconfig") or home / ".npmrc")
    if named := by_name.get("npm_config_globalconfig"):
        return [Path(named), user, project / ".npmrc"]
    machine = [Path("/etc/npmrc"), Path("/usr/local/etc/npmrc")]
    if node := shutil.which("node", path=environ.get("PATH")):
        machine.append(Path(node).resolve().parents[1] / "etc/npmrc")
    if told := _told_by_npm(environ):
        machine.append(told)
    return [*machine, user, project / ".npmrc"]


def _told_by_npm(environ: Mapping[str, str]) -> Path | None:
    """Where npm itself says that the machine's settings lie."""
    npm = shutil.which("npm", path=environ.get("PATH"))
    if not npm:
        return None
    try:
        said = subprocess.run(
            [npm, "config", "get", "globalconfig"],
            env=dict(environ), capture_output=True, text=True, timeout=20, check=True,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return Path(said) if said else None


class Npm:
    """The registry as this machine reaches it."""

    def __init__(self, project: Path, environ: Mapping[str, str] = os.environ) -> None:
        self.environ = environ
        self.settings = read_settings(project, environ)

    def registry(self, package: str) -> str:
        """Base address for a package, its scope's own registry before the general one; ends in a slash."""
        scope = package.partition("/")[0] if package.startswith("@") else ""
        base = self.settings.get(f"{scope}:registry") or self.settings.get("registry") or PUBLIC_REGISTRY
        return base.rstrip("/") + "/"

    def tarball(self, package: str, version: str, integrity: str) -> bytes:
        """The packed package; raises `NpmError` unless its bytes have this sha512 (`sha512-…`, base64)."""
        base = self.registry(package)
        plain_name = package.rpartition("/")[2]
        data = self._get(f"{base}{package}/-/{plain_name}-{version}.tgz")
        if data is None:  # a registry with addresses of its own
            found = self.metadata(package, version)
            data = self._get(str(found["tarball"])) if found else None
        if data is None:
            raise NpmError(f"{package} {version} is not in the npm registry {host_of(base)}")
        if (actual := sha512(data)) != integrity:
            raise NpmError(
                f"{package} {version} from {host_of(base)} has {actual[:23]}…, the lock says {integrity[:23]}…: "
                "the file was changed on its way; nothing was installed"
            )
        return data

    def metadata(self, package: str, version: str) -> dict[str, object] | None:
        """The `dist` part of what the registry says about one version; None if it has none."""
        answer = self._get(f"{self.registry(package)}{package.replace('/', '%2f')}")
        if answer is None:
            return None
        try:
            found = json.loads(answer)["versions"].get(version)
            return dict(found["dist"]) if found else None
        except (ValueError, KeyError, TypeError, AttributeError):
            raise NpmError(f"{host_of(self.registry(package))} gave no npm metadata for {package}") from None

    def _get(self, url: str) -> bytes | None:
        """Body at an address, None for 404; tries again what may pass."""
        problem = ""
        for pause in PAUSES_S:
            time.sleep(pause)
            try:
                with self._opener.open(self._request(url), timeout=TIMEOUT_S) as answer:
                    return bytes(answer.read())
            except urllib.error.HTTPError as error:
                if error.code == 404:
                    return None
                problem = f"answered {error.code} {error.reason}"
                if error.code not in {408, 425, 429, 500, 502, 503, 504}:
                    break
            except (OSError, urllib.error.URLError) as error:
                problem = f"cannot be reached: {getattr(error, 'reason', error)}"
            except Exception as error:  # noqa: BLE001  http.client's own tree: cut-off bodies, bad status lines
                problem = f"broke off: {type(error).__name__}"
        raise NpmError(
            f"the npm registry {host_of(url)} {problem}; see `npm config get registry` and the proxy settings"
        )

    def _request(self, url: str) -> urllib.request.Request:
        split = urllib.parse.urlsplit(url)
        bare = split._replace(netloc=split.netloc.rpartition("@")[2])
        request = urllib.request.Request(bare.geturl(), headers={"User-Agent": "smartchain-toolchain"})
        if login := self._login(split):
            request.add_unredirected_header("Authorization", login)  # never sent on to another host
        return request

    def _login(self, url: urllib.parse.SplitResult) -> str:
        if url.username:
            plain = f"{urllib.parse.unquote(url.username)}:{urllib.parse.unquote(url.password or '')}"
            return "Basic " + base64.b64encode(plain.encode()).decode()
        for prefix in (key.rpartition(":")[0] for key in self.settings if key.startswith("//")):
            if not f"//{url.netloc}{url.path}".startswith(prefix):
                continue
            if token := self.settings.get(f"{prefix}:_authToken"):
                return f"Bearer {token}"
            if pair := self.settings.get(f"{prefix}:_auth"):
                return f"Basic {pair}"
        return ""

    @cached_property
    def _opener(self) -> urllib.request.OpenerDirector:
        proxies = urllib.request.getproxies()
        for scheme, key in (("https", "https-proxy"), ("http", "proxy")):
            if proxy := self.settings.get(key) or self.settings.get("proxy"):
                proxies.setdefault(scheme, proxy)
        return urllib.request.build_opener(
            urllib.request.ProxyHandler(proxies), urllib.request.HTTPSHandler(context=self._tls())
        )

    def _tls(self) -> ssl.SSLContext:
        """Python's own certificates and those that npm, pip or the shell are given."""
        context = ssl.create_default_context()
        named = [self.settings.get("cafile", ""), *(self.environ.get(name, "") for name in CA_VARIABLES)]
        if not context.cert_store_stats()["x509_ca"]:
            named.extend(SYSTEM_CA_FILES)
        for file in filter(os.path.isfile, named):
            try:
                context.load_verify_locations(file)
            except ssl.SSLError:
                raise NpmError(f"the certificate file {file} cannot be read") from None
        if self.settings.get("strict-ssl") == "false":  # npm's own switch; the sha512 still decides
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def host_of(url: str) -> str:
    """Scheme and host only: an address may hold a key."""
    split = urllib.parse.urlsplit(url)
    return f"{split.scheme}://{split.netloc.rpartition('@')[2]}"


def sha512(data: bytes) -> str:
    """Digest in npm's form."""
    return "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
