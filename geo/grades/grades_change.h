/*
 * grades_change.h - an update of grades while it is worked out: what becomes of enterprises,
 * tiles and units, beside the state that it may be laid over. Behind grades.h.
 *
 * Owner: all memory is the caller's arena.
 */
#ifndef SISETU_GEO_GRADES_CHANGE_H
#define SISETU_GEO_GRADES_CHANGE_H

#include "geo/grades/grades_state.h"

/* The list of a source before and after an edit: alike but for a stretch of each. */
struct grades_stretch {
    enum layer_id layer;
    int64_t old_row;                   /* of the source; -1: it was not there */
    int64_t new_row;                   /* -1: it is gone */
    const struct finding_list *before; /* NULL: none */
    const struct finding_list *after;
    struct finding_splice splice; /* as findings_update tells it */
    uint32_t first;               /* the stretches: first .. end - 1 */
    uint32_t before_end;
    uint32_t after_end;
};

/* Up to this kind, equal findings in two lists of a source are equal rows, where neither areas nor
 * the source were edited. */
#define GRADES_SURE_KIND FINDING_AREA

/* What an edit does to the reasons of an enterprise. */
enum grades_words {
    GRADES_WORDS_OTHER, /* not known, or others */
    GRADES_WORDS_COUNT, /* the same are told, of another number of all */
    GRADES_WORDS_SAME,
};

/* An enterprise that the edit touches. */
struct grades_touched {
    const char *id;
    int64_t old_row;  /* -1: it was not there */
    int64_t new_row;  /* -1: it is gone */
    bool record;      /* itself edited */
    bool zones;       /* a zone of it edited */
    bool bystander;   /* the edit changes nothing of it but findings */
    bool by_findings; /* and its grade follows from those: its stretches are known */
    enum grades_words words;
    struct grades_stretch *stretches; /* of its sources that the edit names */
    size_t n_stretches;
    struct grades_plant before;
    struct grades_plant after;
};

/* Who is named, while enterprises come and go. */
struct grades_named {
    const char *id;
    uint32_t slot;
    int32_t rank; /* 0: nobody */
};
struct grades_naming {
    struct grades_named named[GRADES_WORST];
    size_t n;
    struct grades_named bound; /* who is left out comes no earlier; rank 0: nobody is */
};

/* A tile that a touched enterprise reaches or reached. */
struct grades_tile_step {
    struct grades_tile after; /* but for who is named */
    struct grades_naming naming;
    bool reach; /* residents in reach have to be found anew */
};

/* What a unit becomes; borders are told apart. */
struct grades_unit_step {
    uint32_t slot;
    struct reach_persons persons;
    struct grades_inside inside; /* but for who is named */
    struct grades_naming naming;
};
struct grades_border_step {
    struct grades_border *border;
    struct reach_persons persons;
};

/* What grades_commit does. */
struct grades_step {
    struct grades_state *next; /* all anew, in place of the rest; or NULL */
    struct grades_touched *touched;
    uint32_t *old_slots; /* of touched; WORLD_NO_SLOT */
    uint32_t *new_slots;
    size_t n_touched;
    struct grades_tiles tiles; /* by place, index in tile_steps */
    struct grades_tile_step *tile_steps;
    size_t tiles_capacity;
    struct grades_unit_step *units;
    size_t n_units;
    size_t units_capacity;
    struct grades_border_step *borders;
    size_t n_borders;
    size_t borders_capacity;
};

struct grades_changing {
    struct grades_state *state;
    const struct grades_edit *edit; /* a copy */
    struct worker *worker;
    struct arena *arena;
    struct grades_step *step;
};

/* grades_change_tiles.c: tiles that the touched enterprises reached and reach, their cells and
 * residents in reach; and what these change in units. */
enum err_code grades_change_tiles(struct grades_changing *changing, struct err *err);

/* grades_findings.c: grade and words of an enterprise of which the edit changes a few findings and
 * nothing else, from those; `before` is known. False: only judging it anew tells. */
bool grades_judge_findings(const struct grades_changing *changing, struct grades_touched *it);

/* Whether numbers of the enterprise are others than before. */
bool grades_touched_same(const struct grades_touched *it);

/* The enterprise with that id, if the edit touches it, or NULL. */
const struct grades_touched *grades_touched_find(const struct grades_step *step, const char *id);

/* grades_change_rows.c: rows of all that is touched, in pairs. */
enum err_code grades_change_rows(struct grades_changing *changing, struct grades_change *out,
                                 struct err *err);
enum err_code grades_pair_rows(const struct grades_rows *before, const struct grades_rows *after,
                               struct arena *arena, struct grades_change *out, struct err *err);

/* grades_naming.c */
void grades_naming_begin(struct grades_naming *naming, const struct world *old,
                         const struct grades_worst *worst);
void grades_naming_add(struct grades_naming *naming, const struct grades_named *who);
void grades_naming_take(struct grades_naming *naming, uint32_t slot);
/* Settles who is named in cells and units; looks where that is not sure. */
enum err_code grades_change_names(struct grades_changing *changing, struct err *err);

/* The step of a unit, begun as it stands. */
enum err_code grades_unit_step(struct grades_changing *changing, uint32_t slot,
                               struct grades_unit_step **out, struct err *err);

/* The enterprise in the new world, as the edit leaves it. */
const struct grades_plant *grades_plant_now(const struct grades_changing *changing, size_t row);

#endif
