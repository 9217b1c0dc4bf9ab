/*
 * proof_private.h - the parts of proof.h, for geo/proof/proof*.c only.
 *
 *   proof.c           the document: question, claim, premises, hash
 *   proof_needs.c     what a question rests on: records, rows of rules, cells of population
 *   proof_premises.c  those as JSON
 *   proof_world.c     a small world made of that JSON
 *   proof_claim.c     what a world says to a question
 *   proof_hazard.c    the same for levels of major hazards, substance by substance
 *   proof_risk.c      for findings of risk, with their needs
 *   proof_pipeline.c  for pipelines by stretch, with their needs
 *   proof_unit.c      for administrative units, with their needs
 *   proof_compare.c   two answers told apart by path
 *   proof_verify.c    hash, claim and store compared
 */
#ifndef SISETU_GEO_PROOF_PRIVATE_H
#define SISETU_GEO_PROOF_PRIVATE_H

#include "data/base/csv.h"
#include "data/base/json.h"
#include "geo/proof/proof.h"

/* ---- needs ---- */

/* A rule table as read, and which of its rows are needed. */
struct proof_table {
    struct csv csv;
    bool *wanted;
    size_t n_wanted;
};

struct proof_record {
    enum layer_id layer;
    uint32_t row;
};

struct proof_cell {
    uint32_t row;
    uint32_t column;
};

struct proof_needs {
    const struct world *world;
    struct worker *worker;
    struct arena *arena;
    struct proof_table *tables; /* sorted by file */
    size_t n_tables;
    struct proof_record *records; /* by layer and row once settled, each once */
    size_t n_records;
    size_t records_capacity;
    struct proof_cell *cells; /* by row and column once settled, each once */
    size_t n_cells;
    size_t cells_capacity;
};

/* worker_fit is done here. */
enum err_code proof_needs_init(struct proof_needs *needs, const struct world *world,
                               struct worker *worker, struct err *err);

/* All that the question rests on; settled. */
enum err_code proof_needs_of(struct proof_needs *needs, const struct proof_question *question,
                             struct err *err);

enum err_code proof_need_record(struct proof_needs *needs, enum layer_id layer, size_t row,
                                struct err *err);
/* Rows whose first cell is the key; key NULL: the whole table. Nothing for an unknown file. */
void proof_need_rules(struct proof_needs *needs, const char *file, const char *key);
/* Cells of the population grid that the polygon touches. */
enum err_code proof_need_cells(struct proof_needs *needs, const struct geom *polygon,
                               struct err *err);

enum err_code proof_need_pipeline(struct proof_needs *needs, size_t row, struct err *err);
enum err_code proof_need_unit(struct proof_needs *needs, const struct proof_question *question,
                              struct err *err);

/* The pipeline whose id begins that of a segment, or -1. */
int64_t proof_pipeline_of(const struct world *world, const char *segment_id);

/* Of the risk that an enterprise or a contour brings: contours, scenarios, criteria. */
enum err_code proof_need_risk(struct proof_needs *needs, enum layer_id layer, size_t row,
                              struct err *err);

/* The conflicts of an enterprise that its proof works out, worst first, and how many there
 * are. */
enum err_code proof_conflicts_of(const struct world *world, const char *enterprise_id,
                                 struct arena *arena, struct finding_ref **refs, size_t *n,
                                 size_t *n_all, struct err *err);

/* ---- JSON ---- */

/* The object of premises. */
enum err_code proof_write_premises(struct proof_needs *needs, struct jw *jw, struct err *err);

/* Members of a record that are not absent, into an object that is open; not its geometry. */
void proof_write_fields(struct jw *jw, enum layer_id layer, const void *record);

/* GeoJSON with every digit; to *budget vertices whole, which it lowers, else the count alone. */
void proof_write_geometry(struct jw *jw, const struct geom *geom, size_t *budget);
enum err_code proof_geometry_hash(const struct geom *geom, struct arena *arena,
                                  char out[HASH_TEXT_BYTES], struct err *err);

/* Text of [[row, column, [persons ...]], ...] for cells that are settled; the hash of a part of
 * a grid is over it. */
void proof_write_cells(struct jw *jw, const struct grid *grid, const struct proof_cell *cells,
                       size_t n);

/* Reads what proof_write_geometry wrote; *whole is false (and the shape GEOM_NONE) where only
 * the count stands there. */
enum err_code proof_read_geometry(const struct json *value, struct arena *arena, struct geom *out,
                                  bool *whole, struct err *err);

/* Reads fields into a record of that layer; geometry members are left to the caller. */
enum err_code proof_read_fields(const struct json *object, enum layer_id layer, void *record,
                                struct arena *arena, struct err *err);

void proof_write_question(struct jw *jw, const struct proof_question *question);
enum err_code proof_read_question(const struct json *value, struct arena *arena,
                                  struct proof_question *out, struct err *err);

/* ---- a world of premises ---- */

struct proof_world {
    struct world *world;  /* release it */
    const char **missing; /* what is only a hash and was not to be had: "geometry of ..." */
    size_t n_missing;
    const char **faults; /* "premises.records.protected P-3: geometry_sha256: stated ..., is ..." */
    size_t n_faults;
};

/* from: where to look for what is only a hash; NULL: nowhere. */
enum err_code proof_world_new(const struct json *premises, const struct world *from,
                              struct arena *arena, struct proof_world *out, struct err *err);

/* ---- claims ---- */

/* The object of the claim. What the world does not have (a conflict that is none) is a claim
 * too: {"verdict": "none"}. */
enum err_code proof_claim(const struct world *world, struct worker *worker,
                          const struct proof_question *question, struct jw *jw, struct err *err);

/* {"level", "could_be", "residents", "alpha", "units": [...]} of an enterprise. */
enum err_code proof_claim_hazard(const struct world *world, struct worker *worker, size_t row,
                                 struct jw *jw, struct err *err);

/* Members of a finding of risk into an object that is open; the world has its findings. */
enum err_code proof_claim_risk(const struct world *judged, struct worker *worker, const char *id,
                               struct jw *jw, struct err *err);
enum err_code proof_claim_pipeline(const struct world *world, struct worker *worker,
                                   const struct proof_question *question, struct jw *jw,
                                   struct err *err);
enum err_code proof_claim_unit(const struct world *world, struct worker *worker,
                               const struct proof_question *question, struct jw *jw,
                               struct err *err);

/* The grade of a unit as the store has it, and whether a premise of its proof is a sum that
 * only the store can work out. */
enum err_code proof_own_unit(const struct world *world, const struct proof_question *question,
                             struct jw *jw, struct err *err);
bool proof_unit_is_open(const struct proof_question *question);

/* ---- comparing ---- */

/* What differs, as lines for people; at most PROOF_LINES are kept, all are counted. */
enum { PROOF_LINES = 20 };
struct proof_lines {
    struct arena *arena;
    const char **items;
    size_t n;
    size_t n_all;
    bool other_program; /* another version wrote it: sentences may differ */
};
enum err_code proof_lines_init(struct proof_lines *lines, struct arena *arena, struct err *err);
void proof_lines_add(struct proof_lines *lines, const char *text);

/* Whole trees, by path. Against what was worked out again, metres and persons agree within 1e-6,
 * degrees of closest points within 1e-8 (1 mm), other numbers within 1e-9 of themselves; texts and
 * whole numbers are equal. Against records and rules of the store, everything is equal. */
enum proof_sides {
    PROOF_AND_RECOMPUTED, /* "claim.margin_m: stated 3, recomputed 2" */
    PROOF_AND_NOW,        /* "protected/P-3: persons was 120, is 150" */
    PROOF_AND_STORE,      /* "protected/P-3: persons: stated 120, the store has 150" */
};
void proof_compare(const char *path, const struct json *a, const struct json *b,
                   enum proof_sides sides, struct proof_lines *lines);

/* SHA-256 of a document up to `,"sha256"`, without white space outside of strings. *stated is
 * the text's own; false if it does not end as a proof does. */
bool proof_hash_of(const char *text, size_t n, char out[HASH_TEXT_BYTES],
                   char stated[HASH_TEXT_BYTES]);

/* Text in the arena, "" without memory. */
const char *proof_text(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
