/*
 * cli_world.h - what the asking commands share: a world to ask, and words for people.
 *
 * Life:    cli_world_open, ask, cli_world_close.
 */
#ifndef SISETU_TILER_CLI_WORLD_H
#define SISETU_TILER_CLI_WORLD_H

#include "geo/query/query.h"
#include "tiler/command/cli.h"

struct cli_world {
    struct world *world;
    struct worker worker;
};

/* Opens the store named by the first argument, with --rules if the command has it. */
enum err_code cli_world_open(struct cli *cli, struct cli_world *out, struct err *err);
void cli_world_close(struct cli_world *world);

/* Arguments LON and LAT from `first` on. */
enum err_code cli_point(const struct cli *cli, size_t first, struct lonlat *out, struct err *err);

/* The shapes of a file, or of standard input ("-"), in --crs; the question says what else. */
struct shapes_question;
struct shape;
enum err_code cli_read_shapes(struct cli *cli, const char *path, struct shapes_question *question,
                              struct shape **out, size_t *n, struct err *err);

/* Texts in the run's arena, never NULL. */
const char *cli_metres(struct cli *cli, double m); /* "12.3 m", "1.23 km", "-" */
const char *cli_persons(struct cli *cli, double persons, double low, double high);
const char *cli_grade(struct cli *cli, const struct grade_row *grade); /* "orange, could be red" */

/* "sisetu at" and the like: the reasons of a grade, one a line. */
void cli_print_reasons(struct cli *cli, struct cli_world *on, const struct grade_row *grade,
                       const char *indent, size_t most);
void cli_print_conflicts(struct cli *cli, struct cli_world *on, const struct finding_ref *refs,
                         size_t n, size_t most);
void cli_print_exposure(struct cli *cli, const struct exposure *exposure, double radius_m);
/* Writes a proof to the path, or to standard output (NULL). (cli_explain.c) */
enum err_code cli_put_proof(struct cli *cli, const struct buf *proof, const char *path,
                            struct err *err);

void cli_print_warnings(struct cli *cli, const struct world *world);

#endif
