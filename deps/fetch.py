"""Pinned files from the package index that pip is set up for: resumed where a download broke off, checked by sha256.

VL_WHEEL_DIR is a folder that has them already, for machines without a network.
"""
import hashlib
import html.parser
import json
import os
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".deps" / "cache"
TRIES = 5


def pins(name):
    """{package: (file, sha256)} from deps/NAME: lines "package file sha256"."""
    rows = [l.split() for l in (ROOT / "deps" / name).read_text().splitlines() if l and not l.startswith(("#", "version"))]
    return {package: (file, digest) for package, file, digest in rows}


def pip_setting(name):
    value = os.environ.get("PIP_" + name.upper().replace("-", "_"))
    if value:
        return value
    run = subprocess.run([sys.executable, "-m", "pip", "config", "get", "global." + name], capture_output=True, text=True)
    return run.stdout.strip()


def index_url():
    configured = pip_setting("index-url")
    if configured:
        return configured.rstrip("/")
    from pip._internal.models.index import PyPI  # pip's own default

    return PyPI.simple_url.rstrip("/")


class Links(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.links = []

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.links.append(dict(attributes).get("href", ""))


def find_url(package, name):
    page = f"{index_url()}/{package}/"
    request = urllib.request.Request(page, headers={"Accept": "application/vnd.pypi.simple.v1+json, text/html;q=0.5"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        body, kind = answer.read().decode(), answer.headers.get("Content-Type", "")
    if "json" in kind:
        links = [f["url"] for f in json.loads(body)["files"]]
    else:
        parser = Links()
        parser.feed(body)
        links = parser.links
    for link in links:
        url = urllib.parse.urljoin(page, link).split("#")[0]
        if urllib.parse.unquote(url).endswith("/" + name):
            return url
    raise SystemExit(f"{name} is not in the package index that pip uses")


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def download(url, part):
    """Continues .part. @raises OSError when the connection ends early; what came is kept for the next try."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=120) as answer:
        resumed = have and answer.status == 206
        mode, total = ("ab", have) if resumed else ("wb", 0)
        total += int(answer.headers.get("Content-Length", 0))
        with open(part, mode) as f:
            for block in iter(lambda: answer.read(1 << 20), b""):
                f.write(block)
    if part.stat().st_size < total:
        raise OSError(f"the connection ended at {part.stat().st_size} of {total} bytes")


def fetch(package, name, digest):
    """The path of the file NAME of a package."""
    folders = [os.environ.get("VL_WHEEL_DIR", "")] + pip_setting("find-links").split() + [str(CACHE)]
    for folder in filter(None, folders):
        path = pathlib.Path(folder) / name
        if path.is_file() and sha256(path) == digest:
            return path
    CACHE.mkdir(parents=True, exist_ok=True)
    part, path = CACHE / (name + ".part"), CACHE / name
    print(f"downloading {name}", flush=True)
    url = find_url(package, name)
    for attempt in range(TRIES):
        try:
            download(url, part)
            if sha256(part) == digest:
                part.rename(path)
                return path
            part.unlink()  # not what was asked for: from the start
        except (urllib.error.URLError, OSError) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code == 416:
                part.unlink(missing_ok=True)
            print(f"  {error}; trying again", flush=True)
            time.sleep(2 * attempt + 1)
    raise SystemExit(f"{name} could not be downloaded with sha256 {digest}")


def drop(path):
    """Removes what fetch() downloaded; a file of the user's stays."""
    if path.parent == CACHE:
        path.unlink()
