"""Opens connections: directly to loopback, and elsewhere through the proxy that the environment names."""

import http.client
import os
import select
import socket
from urllib.parse import unquote, urlsplit

_TIMEOUT_SECONDS = 60.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def connect(parts):
    """An open connection to the address ``parts`` (of urlsplit), with ``address_prefix`` and ``extra_headers`` for its requests."""
    secure = parts.scheme == "https"
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    port = parts.port or (443 if secure else 80)
    proxy = None if parts.hostname in _LOOPBACK else _proxy(parts)
    host = (parts.hostname, port) if proxy is None else (proxy.hostname, proxy.port or 80)
    connection = kind(*host, timeout=_TIMEOUT_SECONDS, blocksize=1 << 16)
    connection.address_prefix, connection.extra_headers = "", {}
    if proxy is not None and secure:
        connection.set_tunnel(parts.hostname, port, _credentials(proxy))
    elif proxy is not None:
        connection.address_prefix, connection.extra_headers = "http://" + parts.netloc, _credentials(proxy)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def is_over(connection):
    """Whether a kept-open connection was closed by either side, so that a request on it would be lost."""
    if connection.sock is None:
        return True
    try:
        return bool(select.select([connection.sock], [], [], 0)[0])
    except ValueError:  # a descriptor over 1,023: select cannot tell, the request itself will
        return False


def _proxy(parts):
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies_environment, proxy_bypass_environment

    address = getproxies_environment().get(parts.scheme)
    if not address or proxy_bypass_environment(parts.hostname):
        return None
    return urlsplit(address if "://" in address else "http://" + address)


def _credentials(proxy):
    if proxy.username is None:
        return {}
    from base64 import b64encode

    text = "{}:{}".format(unquote(proxy.username), unquote(proxy.password or ""))
    return {"Proxy-Authorization": "Basic " + b64encode(text.encode()).decode()}
