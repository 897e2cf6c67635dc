"""Files on no local disk: the one user of fsspec; what a driver lacks or a store refuses is told in plain words."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from spark_llmdata import extras
from spark_llmdata.errors import InputError, LlmdataError, MissingExtra

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_WILD = re.compile(r"[*?\[]")

#: The package that fsspec needs for a scheme.
_DRIVERS = {
    **dict.fromkeys(("s3", "s3a"), "s3fs"),
    **dict.fromkeys(("abfs", "abfss", "az", "adl"), "adlfs"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("http", "https"), "aiohttp"),
}
#: How a scheme is spelled for Hadoop, by which Spark opens files; others are spelled alike.
_HADOOP = {"s3": "s3a", "s3n": "s3a", "gcs": "gs"}
#: Schemes that Hadoop has nothing for, so that Spark cannot open them.
_ONLY_HERE = frozenset({"http", "https", "memory", "ftp", "sftp", "ssh", "github", "hf", "zip", "tar", "data"})
_AZURE = "set AZURE_STORAGE_ACCOUNT_NAME with AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN"
_GOOGLE = "set GOOGLE_APPLICATION_CREDENTIALS to the file with the key, or `gcloud auth application-default login`"
_AMAZON = (
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; for a public bucket FSSPEC_S3='{\"anon\": true}'"
)
#: How credentials are given, by the driver.
_CREDENTIALS = {"s3fs": _AMAZON, "adlfs": _AZURE, "gcsfs": _GOOGLE}
#: Packages whose own errors (none of Python's) say that a store cannot be reached or does not let us in.
_LIBRARIES = frozenset(
    "adlfs aiobotocore aiohttp aiohttp_retry azure botocore gcsfs google requests s3fs urllib3".split()
)
_REFUSED = re.compile(r"credential|accessdenied|access denied|forbidden|unauthori|authenticat|40[13]\b", re.IGNORECASE)
_NO_HADOOP = re.compile(r"lib(hdfs|jvm)|CLASSPATH|HADOOP_HOME", re.IGNORECASE)


def is_remote(url: str) -> bool:
    """Whether the url names a scheme (`s3://`, `hdfs://`, ...) other than `file:`."""
    return _SCHEME.match(url) is not None and not url.lower().startswith("file:")


def scheme_of(url: str) -> str:
    """The scheme of a remote url, in lower case."""
    return url.partition("://")[0].lower()


@contextmanager
def connect(url: str) -> Iterator[tuple[Any, str]]:
    """Give fsspec's file system for a url and what it calls the file; what drivers raise in here is told plainly.

    Raises:
        MissingExtra: fsspec is not installed, or what it needs for this scheme.
        InputError: nobody knows the scheme.
        OSError: the store cannot be reached, refuses, or has no such file.
    """
    scheme = scheme_of(url)
    fsspec = extras.require("fsspec", extra="remote", needed_by=f"reading {scheme}:// files")
    with _plainly(url, scheme):
        yield _resolve(fsspec, url, scheme)


def _resolve(fsspec: Any, url: str, scheme: str) -> tuple[Any, str]:
    try:
        file_system, path = fsspec.core.url_to_fs(url)
    except ValueError as error:
        if "protocol not known" not in str(error).lower():
            raise
        if scheme in _DRIVERS:  # fsspec learns the scheme from its driver
            raise ImportError(f"{_DRIVERS[scheme]} is not installed") from error
        known = "s3, s3a, abfss, gs, hdfs, webhdfs, http, https"
        raise InputError(f"{url}: nobody knows the scheme {scheme}://; expected {known}, or a path") from error
    return file_system, path


@contextmanager
def _plainly(url: str, scheme: str) -> Iterator[None]:
    """In here whatever a driver raises is one of our errors or an OSError that says what to do."""
    driver = _DRIVERS.get(scheme)
    try:
        yield
    except (LlmdataError, FileNotFoundError):
        raise
    except ImportError as missing:
        package = driver or "a package"
        wanted = "'spark-llmdata[http]'" if driver == "aiohttp" else driver or "it"
        raise MissingExtra(
            f"reading {scheme}:// files needs {package}, which cannot be imported here ({missing}); install it, here "
            f"and where Spark's executors run: pip install {wanted}"
        ) from missing
    except Exception as error:  # whatever is not about the store is raised again
        said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        if scheme == "hdfs" and _NO_HADOOP.search(str(error)):
            raise OSError(
                errno.ENOSYS,
                f"hdfs:// needs Hadoop's own client: set JAVA_HOME, HADOOP_HOME and CLASSPATH=`hadoop classpath "
                f"--glob`, or name the file webhdfs://NAMENODE:9870/...; it says: {said[:200]}",
                url,
            ) from error
        library = type(error).__module__.partition(".")[0]
        known = (
            isinstance(error, OSError) or library in _LIBRARIES or (driver == "adlfs" and isinstance(error, ValueError))
        )
        if known and _REFUSED.search(f"{type(error).__name__} {error}"):
            how = _CREDENTIALS.get(driver or "", "give the credentials that its fsspec driver asks for")
            text = f"the store does not let us in ({type(error).__name__}: {said[:200]}): {how}"
            raise PermissionError(errno.EACCES, text, url) from error
        if known and not isinstance(error, OSError):
            raise OSError(errno.EIO, f"the store fails: {type(error).__name__}: {said[:200]}", url) from error
        raise


def exists(file_system: Any, path: str) -> bool:
    """Whether there is something of this name. Of servers fsspec says no also where they cannot be reached.

    Raises:
        OSError: it cannot be told.
    """
    if not is_remote(path):
        return bool(file_system.exists(path))
    try:
        file_system.info(path)
    except FileNotFoundError as missing:
        if isinstance(missing.__cause__, OSError):
            raise OSError(errno.EHOSTUNREACH, f"the server cannot be reached: {missing.__cause__}", path) from missing
        return False
    return True


def spell(asked: str, path: str, name: str, file_system: Any) -> str:
    """The url of what a file system calls `name`, in the spelling of the url or pattern `asked`, which it calls `path`.

    So `s3a://` stays `s3a://`, and an account in the host part stays with its container.
    """
    root, bare = _fixed(asked), _fixed(path)
    if name == bare or name.startswith(f"{bare}/"):
        return root + name[len(bare) :]
    return str(file_system.unstrip_protocol(name))


def _fixed(url: str) -> str:
    """A url without a slash at its end; of a pattern what stands in front of its first part with a wildcard."""
    wild = _WILD.search(url)
    return url[: wild.start()].rpartition("/")[0] if wild else url.rstrip("/")


def spell_for_spark(url: str) -> str:
    """The url as Hadoop's file systems, by which Spark scans Parquet, want it: `s3a` for `s3`, `gs` for `gcs`."""
    if not is_remote(url):
        return url
    return _HADOOP.get(scheme_of(url), url.partition("://")[0]) + url[url.index("://") :]


def is_for_spark(url: str) -> bool:
    """Whether Spark can open files under this scheme, given the connector that a cluster has for it."""
    return not is_remote(url) or scheme_of(url) not in _ONLY_HERE
