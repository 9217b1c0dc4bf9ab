/*
 * proof.h - a verdict, a grade or a level with everything it rests on, so that anybody can
 * work it out again, without the store and years later.
 *
 * A proof is one JSON document:
 *
 *     {"sisetu_proof": 1, "program": "sisetu 0.1.0", "schema_version": 2,
 *      "question": {"kind": "conflict", "id": "F02-BLDG_I_II|facilities/T1|protected/P1"},
 *      "claim":    {"verdict": "conflict", "distance_m": 14.999, ..., "formula": "..."},
 *      "premises": {"as_of": "2026-06-01", "generation": 12, "rules_sha256": "...",
 *                   "rules": {...}, "records": {...}, "population": {...}},
 *      "sha256": "..."}
 *
 * The claim is a pure function of question and premises, and proof_write takes it from them:
 * it makes a small world of the premises alone, asks that, and gives no proof that the world
 * it came from would contradict. proof_verify does the same and compares, so a claim that does
 * not follow is found even where somebody has repaired the hash.
 *
 * question   kind and id:
 *              conflict    id of the row: rule|layer/id|layer/id; kinds distance, area, density,
 *                          risk and whatever else layer conflicts holds
 *              hazard      id of an enterprise: S, R, alpha, level of each unit, by substance
 *              enterprise  id of an enterprise: its grade is the worst of its parts
 *              unit        code, and method: share, worst or index; rests on its border, and on
 *                          places and grades of the plants inside. The residents in reach are a sum
 * over the whole population: a premise, for which the store is needed pipeline    id of a pipeline:
 * all its segments; segment: id of one site        type, with, plant, accuracy_m, geometry: what
 * `check` asks exposure    geometry: persons inside claim      what is said: the fields of the row,
 * rule with edition, clause and confidence, closest points, value, limit, margin, and `formula`,
 * the sum with its numbers. premises   rules    {"spacing.csv": {"columns": [...], "rows": [[14,
 * "F02-...", ...], ...]}}: whole rows, every column, as in the table; first the line number records
 * {"facilities": [{"id": ..., every field that is not absent, ..., "geometry": {GeoJSON},
 * "geometry_sha256": "..."}, ...], ...} population  (with a grid) size and place of the grid, and
 * `cells`: [row, first column, [persons, ...]]; null is no data
 *
 * Geometry:  GeoJSON in longitude and latitude on CGCS2000, every double with the digits that
 *            read back to the same double. geometry_sha256 is over its ISO well-known binary,
 *            little-endian, as the store keeps it. A shape of more than LIMIT_PROOF_VERTICES
 *            stands as {"type": ..., "vertices": n} with its hash alone; population of more
 *            than LIMIT_PROOF_CELLS cells as its hash (over the JSON of `cells`) alone. What
 *            rests on them can be decided with the store only.
 * Hash:      SHA-256 over the bytes of the document from its first to the comma before
 *            "sha256", the last member, without white space outside of strings (a mail program
 *            may indent or break lines) and without a byte order mark before it (an editor may
 *            put one there); any other altered character is noticed. A hash is no
 *            signature: it shows alteration, not who wrote it.
 * Agreement: metres and persons within 1e-6, degrees of shapes within 1 mm, other numbers within
 * 1e-9 of themselves, texts and whole numbers exactly. Sentences (reason, formula, decides) of
 * another version of the program are not compared. Stated:    generation, rules_sha256, where a
 * record came from and whatever the claim does not use are under the hash, but follow from nothing
 * inside: without the store they are stated only, and proof_check says so. With the store of that
 * generation each is compared, and so is that a proof written today would carry the same. Absence:
 * a proof shows what is there. That nothing else stands nearer, and that no other finding speaks of
 * a plant, is a statement on the whole store; `with the store` checks it. Threads:   pure but for
 * the caller's worker. Errors:    ERR_NOT_FOUND no such conflict, plant or unit; ERR_INPUT what is
 * no proof, with the place; ERR_VERSION a proof of another format or schema; ERR_LIMIT;
 * ERR_INTERNAL where the premises do not give what the world says (our fault, never hidden).
 */
#ifndef SISETU_GEO_PROOF_H
#define SISETU_GEO_PROOF_H

#include "data/base/buf.h"
#include "geo/query/query.h"
#include "geo/world/worker.h"
#include "geo/world/world.h"

enum { PROOF_FORMAT = 1 };

enum proof_kind {
    PROOF_CONFLICT,
    PROOF_HAZARD,
    PROOF_ENTERPRISE,
    PROOF_UNIT,
    PROOF_PIPELINE,
    PROOF_SEGMENT,
    PROOF_SITE,
    PROOF_EXPOSURE,
    PROOF_KINDS,
};
const char *proof_kind_name(enum proof_kind kind);
bool proof_kind_by_name(const char *name, enum proof_kind *out);

struct proof_question {
    enum proof_kind kind;
    const char *id;     /* of the conflict, plant, pipeline or segment; code of the unit */
    const char *method; /* of a unit (NULL: share), of a pipeline (NULL: all that are assessed) */
    const struct site_question *site; /* PROOF_SITE */
    const struct geom *shape;         /* PROOF_EXPOSURE: a valid polygon, else ERR_INPUT */
};

/* Adds the document to out, indented to be read. */
enum err_code proof_write(const struct world *world, struct worker *worker,
                          const struct proof_question *question, struct buf *out, struct err *err);

enum proof_verdict {
    PROOF_HOLDS,
    PROOF_BROKEN, /* altered, or the claim does not follow */
    PROOF_OPEN,   /* rests on what is only a hash; with the store it would be decided */
};
const char *proof_verdict_name(enum proof_verdict verdict);

enum { PROOF_SAID = 4 };

struct proof_check {
    enum proof_verdict verdict;
    const char *kind;      /* of the question */
    const char *subject;   /* its id, type or "shape" */
    const char **findings; /* "claim.distance_m: stated 14.9, recomputed 14.999" */
    size_t n_findings;     /* 0 where it holds */
    bool with_store;
    const char **changes; /* what the store says now: "protected/P-3: persons was 120, is 150" */
    size_t n_changes;     /* 0: the store still says the same */
    int64_t generation;   /* that the proof names */
    uint64_t store_generation;
    /* Unless it is broken, in words: */
    const char *checked[PROOF_SAID]; /* what was looked at */
    size_t n_checked;
    const char *stated[PROOF_SAID]; /* what the document says and nothing here could confirm */
    size_t n_stated;
};

/* store NULL: without. With a store of the generation that the proof names, whatever differs from
 * it is forged, and the proof is broken; one that has moved on since tells what has changed, and
 * the proof still holds if its claim follows from its premises. Texts belong to the worker's arena.
 * An error is for what cannot be read as a proof at all; an altered one is an answer. */
enum err_code proof_verify(const char *text, size_t n, const struct world *store,
                           struct worker *worker, struct proof_check *out, struct err *err);

#endif
