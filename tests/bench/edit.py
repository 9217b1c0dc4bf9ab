"""edit.py URL TOKEN EXPORTS [N] - N random edits over HTTP, one after another: p50, p99 and the
longest of the time from the request to the answer, which comes when the edit is durable and
published. EXPORTS holds enterprises, zones, protected and pipelines as .geojson. PAUSE_MS (0): so
long after an answer the next edit is sent."""
import http.client
import json
import os
import random
import sys
import time
from urllib.parse import quote, urlsplit

url, token, exports = urlsplit(sys.argv[1]), sys.argv[2], sys.argv[3]
n = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
pause_s = float(os.environ.get('PAUSE_MS') or 0) / 1000
draw = random.Random(1)
OWN = ('source', 'source_row', 'imported')


def load(layer):
    features = json.load(open(f'{exports}/{layer}.geojson', encoding='utf-8'))['features']
    for feature in features:
        for name in OWN:
            feature['properties'].pop(name, None)
    return features


LAYERS = 'enterprises', 'zones', 'protected', 'pipelines'
records = {layer: load(layer) for layer in LAYERS}
gone = []


def changed(layer):
    """A field that rules look at."""
    return {'enterprises': {'staff': draw.randrange(1, 500)},
            'zones': {'class': draw.randrange(1, 4)},
            'protected': {'persons': draw.randrange(1, 900)},
            'pipelines': {'pressure_mpa': draw.choice((0.4, 1.6, 4, 6.3, 10))}}[layer]


def moved(coordinates, dx, dy):
    if isinstance(coordinates[0], (int, float)):
        return [coordinates[0] + dx, coordinates[1] + dy]
    return [moved(c, dx, dy) for c in coordinates]


def move(feature):
    """Up to some 500 m away."""
    dx, dy = draw.uniform(-0.005, 0.005), draw.uniform(-0.005, 0.005)
    shape = feature['geometry']
    return {**feature, 'geometry': {**shape, 'coordinates': moved(shape['coordinates'], dx, dy)}}


def one():
    """method, layer, id, body"""
    kind = draw.random()
    if kind < 0.08 and gone:
        layer, feature = gone.pop(draw.randrange(len(gone)))
        records[layer].append(feature)
        return 'PUT', layer, feature
    layer = draw.choices(LAYERS, (30, 25, 25, 20))[0]
    i = draw.randrange(len(records[layer]))
    if kind < 0.16:
        records[layer][i], records[layer][-1] = records[layer][-1], records[layer][i]
        gone.append((layer, records[layer].pop()))
        return 'DELETE', layer, gone[-1][1]
    if kind < 0.22:
        new = move(records[layer][i])
        feature = {**new, 'properties': {**new['properties'], 'id': f'{new["properties"]["id"]}-{draw.randrange(10**9)}'}}
        records[layer].append(feature)
        return 'PUT', layer, feature
    if kind < 0.35:
        feature = {**records[layer][i], 'properties': {**records[layer][i]['properties'], 'name': f'改名 {i}'}}
    elif kind < 0.5:
        feature = {**records[layer][i], 'properties': {**records[layer][i]['properties'], **changed(layer)}}
    else:
        feature = move(records[layer][i])
    records[layer][i] = feature
    return 'PUT', layer, feature


connection = http.client.HTTPConnection(url.hostname, url.port, timeout=120)
times = {}
slowest = []
for _ in range(n):
    method, layer, feature = one()
    key = feature['properties']['id']
    body = json.dumps(feature).encode() if method == 'PUT' else None
    for _ in range(60):
        start = time.perf_counter()
        connection.request(method, f'/v1/{layer}/{quote(key)}', body, {'Authorization': f'Bearer {token}'})
        response = connection.getresponse()
        answer = response.read()
        took = (time.perf_counter() - start) * 1000
        if response.status != 503:  # what edits need is still being prepared
            break
        time.sleep(1)
    if response.status not in (200, 201):
        sys.exit(f'{method} {layer} {key}: {response.status} {answer[:500]}')
    times.setdefault(f'{method} {layer}', []).append(took)
    slowest.append((took, method, layer, key))
    time.sleep(pause_s)

every = sorted(t for some in times.values() for t in some)


def quantile(sorted_times, q):
    return sorted_times[min(len(sorted_times) - 1, int(q * len(sorted_times)))]


for kind, some in sorted(times.items()):
    some.sort()
    print(f'  {kind:20} {len(some):5}  p50 {quantile(some, 0.5):7.2f}  p99 {quantile(some, 0.99):7.2f}  max {some[-1]:7.2f} ms')
for took, method, layer, key in sorted(slowest, reverse=True)[:5]:
    print(f'  slowest: {took:.2f} ms {method} {layer} {key}')
print(f'edit: {n} durable and published, {pause_s * 1000:g} ms between them: p50 {quantile(every, 0.5):.2f} ms, p99 {quantile(every, 0.99):.2f} ms, max {every[-1]:.2f} ms')
