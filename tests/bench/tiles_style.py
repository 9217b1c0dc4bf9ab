#!/usr/bin/python3
"""tiles_style.py DATADIR [--labels | --names | --lines]: the look of the comparison workload as a style of ours, on the
map `risk`; with the names of the counties, with those of the enterprises as well, or of the pipelines along them.

The peers' styles (SISETU_BENCH/peers/styles.py) say the colours, widths and opacities."""
import json, sqlite3, sys

COLOURS = {1: "#e60000", 2: "#ff8c00", 3: "#ffd700", 4: "#3c78d8"}
db = sqlite3.connect(f"file:{sys.argv[1]}/ningxia.gpkg?mode=ro", uri=True)
by_name = dict(db.execute("SELECT name, risk FROM admin"))
admin = ["match", ["get", "name"]]
for risk in (1, 2, 3):
    names = sorted(n for n, r in by_name.items() if r == risk)
    if names:
        admin += [names, COLOURS[risk]]
admin.append(COLOURS[4])
# workload.sh keeps the risk of a zone as its class; 4 has none.
zone = ["match", ["coalesce", ["get", "class"], 4], 1, COLOURS[1], 2, COLOURS[2], 3, COLOURS[3], COLOURS[4]]
plant = ["match", ["get", "declared_grade"], 1, COLOURS[1], 2, COLOURS[2], 3, COLOURS[3], COLOURS[4]]
line = {"line-join": "round"}
layers = [
    {"id": "admin", "type": "fill", "source-layer": "units", "paint": {"fill-color": admin, "fill-opacity": 0.35}},
    {"id": "admin-line", "type": "line", "source-layer": "units", "layout": line, "paint": {"line-color": "#000000", "line-width": 1}},
    {"id": "zones", "type": "fill", "source-layer": "zones", "paint": {"fill-color": zone, "fill-opacity": 0.5}},
    {"id": "zones-line", "type": "line", "source-layer": "zones", "layout": line, "paint": {"line-color": "#404040", "line-width": 1}},
    {"id": "pipelines", "type": "line", "source-layer": "pipelines", "layout": line, "paint": {"line-color": "#7a00cc", "line-width": 2}},
    {"id": "plants", "type": "circle", "source-layer": "enterprises", "paint": {"circle-color": plant, "circle-radius": 2.5}},
]
text = {"text-color": "#000000", "text-halo-color": "#ffffff", "text-halo-width": 1.5}
if "--names" in sys.argv:
    layers.append({"id": "enterprise-names", "type": "symbol", "source-layer": "enterprises", "paint": text,
                   "layout": {"text-field": ["get", "name"], "text-size": 12, "text-anchor": "top", "text-offset": [0, 0.4]}})
if "--lines" in sys.argv:
    layers.append({"id": "pipeline-names", "type": "symbol", "source-layer": "pipelines", "paint": text,
                   "layout": {"text-field": ["concat", ["get", "name"], "天然气管道"], "text-size": 12, "symbol-placement": "line"}})
if "--labels" in sys.argv or "--names" in sys.argv:
    layers.append({"id": "names", "type": "symbol", "source-layer": "units",
                   "layout": {"text-field": ["get", "name"], "text-size": 12, "text-allow-overlap": True},
                   "paint": text})
for layer in layers:
    layer["source"] = "sisetu"
json.dump({"version": 8, "name": "bench", "sources": {"sisetu": {"type": "vector", "tiles": ["/tiles/risk/{z}/{x}/{y}.mvt"]}}, "layers": layers}, sys.stdout, ensure_ascii=False, indent=1)
