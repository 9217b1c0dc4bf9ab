#!/usr/bin/python3
"""rules.py FROM TO - the installed rule tables, with the distances of the comparison workload in place of the law's:
every protected target within 1,000, 500, 300 and 100 m of a plant that declared red, orange, yellow or blue. Plants are
points there, so that the radius that ours assume for one is set to the least that is allowed."""
import csv
import os
import shutil
import sys

LAW = {"standard": "bench", "confidence": "sure", "active": "1"}


def change(table, edit):
    path = os.path.join(sys.argv[2], table)
    with open(path, newline="", encoding="utf-8") as f:
        reader = csv.DictReader(f)
        columns, rows = reader.fieldnames, list(reader)
    rows = edit(rows)
    with open(path, "w", newline="", encoding="utf-8") as f:
        writer = csv.DictWriter(f, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def smallest_radius(rows):
    return [dict(row, radius_m="0.1") for row in rows]


def default_radius(rows):
    return [dict(row, value="0.1") if row["name"] == "default_radius_m" else row for row in rows]


def plants(rows):
    return rows + [dict(LAW, code=f"BENCH_{g}", name_zh=f"{g}", name_en=f"Plant that declared {g}", group="site", layer="enterprises",
                        predicate=f"declared_grade = {g}") for g in (1, 2, 3, 4)]


def targets(rows):
    return rows + [dict(LAW, code="BENCH_ANY", name_zh="任何目标", name_en="Any target", layer="protected", predicate="true", grave="0")]


def limits(_rows):
    return [dict(LAW, id=f"BENCH-{g}", facility=f"BENCH_{g}", target="BENCH_ANY", kind="external", value_m=m,
                 **{"from": "plant_boundary", "to": "plant_boundary"}) for g, m in ((1, 1000), (2, 500), (3, 300), (4, 100))]


shutil.copytree(sys.argv[1], sys.argv[2])
change("industries.csv", smallest_radius)
change("parameters.csv", default_radius)
change("facility_types.csv", plants)
change("target_classes.csv", targets)
change("spacing.csv", limits)
