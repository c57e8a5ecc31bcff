"""OpenStack Swift with its S3 interface, whole and in one process. Started by s3-service.ts.

Arguments: a folder of its own, the port (0: any), access key (account:user), secret key.
Prints the port once it serves, and ends when its standard input does.
"""

import os
import sys
import threading

import eventlet

eventlet.monkey_patch(thread=False)

from eventlet import wsgi  # noqa: E402
from swift.common import utils  # noqa: E402

folder, port, access_key, secret_key = sys.argv[1:5]

COMMON = f"""
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
"""

PROXY = f"""{COMMON}
[pipeline:main]
pipeline = catch_errors cache s3api tempauth copy slo versioned_writes symlink proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:cache]
paste.filter_factory = __main__:cache_factory

[filter:s3api]
use = egg:swift#s3api
location = us-east-1

[filter:tempauth]
use = egg:swift#tempauth
user_{access_key.replace(":", "_")} = {secret_key} .admin

[filter:copy]
use = egg:swift#copy

[filter:slo]
use = egg:swift#slo

[filter:versioned_writes]
use = egg:swift#versioned_writes
allow_object_versioning = true

[filter:symlink]
use = egg:swift#symlink
"""


class Cache:
    """What of memcached Swift asks for. Nothing expires: there is one writer, who deletes what has changed."""

    def __init__(self):
        self.values = {}

    def set(self, key, value, **_options):
        self.values[key] = value

    def get(self, key, *_default, **_options):
        return self.values.get(key)

    def delete(self, key, **_options):
        self.values.pop(key, None)

    def incr(self, key, delta=1, **_options):
        self.values[key] = int(self.values.get(key) or 0) + delta
        return self.values[key]


def cache_factory(_config, **_local):
    cache = Cache()

    def with_cache(app):
        def respond(env, start_response):
            env["swift.cache"] = cache
            return app(env, start_response)

        return respond

    return with_cache


class Silent:
    """A log without lines."""

    def __getattr__(self, _name):
        return lambda *_args, **_options: None


def with_length_of_head(app):
    """eventlet ends an answer to HEAD that has no length with a chunk, which is the beginning of the next answer."""

    def respond(env, start_response):
        def start(status, headers, *rest):
            if env["REQUEST_METHOD"] == "HEAD" and not any(name.lower() == "content-length" for name, _ in headers):
                headers = [*headers, ("Content-Length", "0")]
            return start_response(status, headers, *rest)

        return app(env, start)

    return respond


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def serve(name, text, at):
    """Serves what a configuration describes; gives the port."""
    from swift.common.wsgi import SwiftHttpProtocol, loadapp

    app = with_length_of_head(loadapp(write(f"{name}.conf", text)))
    sock = eventlet.listen(("127.0.0.1", at), backlog=256)
    eventlet.spawn(wsgi.server, sock, app, Silent(), protocol=SwiftHttpProtocol, max_size=256)
    return sock.getsockname()[1]


def place(kind, at):
    """Writes which server has the data of this kind: the only one there is."""
    from swift.common.ring import RingBuilder

    builder = RingBuilder(2, 1, 0)
    device = {"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": at, "device": "disk", "weight": 1}
    builder.add_dev(device)
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, f"{kind}.ring.gz"))


os.makedirs(os.path.join(folder, "devices", "disk"), exist_ok=True)
write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = tests\n")
utils.set_swift_dir(folder)

# Each loads the places of those that it tells of changes, so the order matters.
for kind in ("account", "container", "object"):
    place(kind, serve(kind, f"{COMMON}\n[app:main]\nuse = egg:swift#{kind}\n", 0))
print(serve("proxy", PROXY, int(port)), flush=True)

threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
while True:
    eventlet.sleep(60)
