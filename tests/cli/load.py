"""load.py URL SECONDS THREADS - asks a server for a mixture of everything, right and
wrong, and prints how often it was answered how: "200 1234", one line a status; "lost" is a
request without an answer. Repeatable: a fixed seed a thread."""
import collections
import http.client
import random
import sys
import threading
import time
import urllib.parse

url, seconds, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
place = urllib.parse.urlsplit(url)
counts = collections.Counter()
lock = threading.Lock()
end = time.monotonic() + seconds
SITE = b'{"type":"WORKSHOP_JIA","geometry":{"type":"Point","coordinates":[%.4f,%.4f]}}'


def question(rng):
    lon, lat = rng.uniform(105, 107), rng.uniform(36, 39)
    z = rng.randint(6, 14)
    x = int((lon + 180) / 360 * 2**z)
    y = int(2**z * 0.39)
    kind = rng.randint(0, 9)
    if kind <= 3:
        name = rng.choice(["risk", "region", "city", "county", "dangers"])
        return "GET", f"/tiles/{name}/{z}/{x}/{y}{rng.choice(['', '@2x'])}.png", None
    if kind == 4:
        return "GET", f"/v1/at?lon={lon:.4f}&lat={lat:.4f}&radius_m={rng.choice([1, 1000, 20000])}", None
    if kind == 5:
        return "GET", f"/v1/incident?lon={lon:.4f}&lat={lat:.4f}&radius_m=3000", None
    if kind == 6:
        return "GET", rng.choice(["/v1/units", "/v1/units/640100", "/v1/status", "/v1/legend/risk",
                                  "/v1/enterprises?limit=50", "/v1/conflicts?limit=20", "/"]), None
    if kind == 7:
        return "POST", "/v1/check", SITE % (lon, lat)
    if kind == 8:
        return "HEAD", "/v1/units", None
    return rng.choice([("GET", "/v1/at?lon=x&lat=1", None), ("GET", "/tiles/risk/99/0/0.png", None),
                       ("GET", "/v1/units/%00", None), ("POST", "/v1/check", b"{"),
                       ("DELETE", "/v1/status", None), ("GET", "/../etc/passwd", None)])


def ask(number):
    rng = random.Random(number)
    mine = collections.Counter()
    connection = None
    while time.monotonic() < end:
        method, target, body = question(rng)
        try:
            if connection is None:
                connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
            connection.request(method, target, body)
            answer = connection.getresponse()
            answer.read()
            mine[str(answer.status)] += 1
            if answer.will_close or rng.random() < 0.1:
                connection.close()
                connection = None
        except (OSError, http.client.HTTPException):
            mine["lost"] += 1
            connection = None
            time.sleep(0.01)
    with lock:
        counts.update(mine)


all_of_them = [threading.Thread(target=ask, args=(i,)) for i in range(threads)]
for thread in all_of_them:
    thread.start()
for thread in all_of_them:
    thread.join()
for status in sorted(counts):
    print(status, counts[status])
