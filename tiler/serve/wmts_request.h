/*
 * wmts_request.h - what a client of a Web Map Tile Service asks for, in each of its spellings.
 *
 *   /wmts?SERVICE=WMTS&REQUEST=GetTile&...       key-value pairs; names in any case
 *   /wmts/1.0.0/WMTSCapabilities.xml             by path
 *   /wmts/1.0.0/{map}/{style}/{grid}/{z}/{y}/{x}.png, .mvt
 *   /{map}_{c|w}/wmts?...                        as Tianditu addresses its layers
 *
 * Parameters that nobody knows are ignored, as the standard asks (Tianditu's `tk`). What is wrong
 * is told with the exception code of the standard and the parameter that it is about.
 *
 * VERSION, STYLE and FORMAT have defaults, which the capabilities declare, so that a request of
 * ArcGIS without them is a right one; formats are understood as it and GeoServer call them, too:
 * png, image/png8, image/png24, image/png32, "image/png; mode=8bit". A format that is not served is
 * InvalidParameterValue, 400, never 406: that is no status of this standard, and a 406 by the
 * header Accept would take a tile from clients that show it whatever they wrote there.
 *
 * In the dialect of Tianditu (`dialect=tianditu`, or its address) what its clients leave out or say
 * otherwise is understood: FORMAT=tiles, no SERVICE, any LAYER.
 *
 * Owner:   texts belong to the arena, or to the params and path given.
 * Threads: pure.
 * Errors:  ERR_USAGE, or ERR_NOT_FOUND for an address by path; the fault says the rest.
 * Source:  OGC 07-057r7, clauses 7 and 8 (KVP) and 10 (REST), tables 21 and 27 (statuses);
 *          06-121r3, clause 8 (exceptions; MissingParameterValue is for what has no default).
 */
#ifndef SISETU_TILER_WMTS_REQUEST_H
#define SISETU_TILER_WMTS_REQUEST_H

#include "styles/style_set.h"
#include "tiler/answers/params.h"
#include "tiler/grid/tile_grid.h"

enum wmts_operation { WMTS_CAPABILITIES, WMTS_TILE, WMTS_LEGEND };

/* Sections of the capabilities, as bits. */
enum {
    WMTS_IDENTIFICATION = 1,
    WMTS_PROVIDER = 2,
    WMTS_OPERATIONS = 4,
    WMTS_CONTENTS = 8,
    WMTS_THEMES = 16, /* known to the standard; there are none here */
    WMTS_ALL = 31
};

struct wmts_request {
    enum wmts_operation operation;
    bool tianditu;
    bool has_map; /* of Tianditu's address, or of a tile or legend */
    enum map_id map;
    const struct tile_grid *grid; /* NULL: not named */
    const char *style;            /* NULL: the one that is drawn where none is named */
    unsigned sections;            /* of capabilities */
    int64_t level, column, row;   /* of a tile; checked */
    bool vector;
    const char
        *bits; /* of a pixel of a picture that one asks for, "8" or "32"; NULL: as it comes */
};

/* What an exception report says beside the sentence. */
struct wmts_fault {
    const char *code;     /* "InvalidParameterValue"; NULL: no fault of the request */
    const char *locator;  /* "TileMatrix"; NULL: none */
    bool not_implemented; /* HTTP status 501 */
};

/* Whether the path is one of a WMTS; false for anything else. */
bool wmts_is(const struct path *path);

/* What is read: a path that is one, the raw query after it (NULL: none), and the styles that there
 * are. */
struct wmts_address {
    const struct path *path;
    const char *query;
    const struct style_set *styles;
};
enum err_code wmts_read(const struct wmts_address *address, struct arena *arena,
                        struct wmts_request *out, struct wmts_fault *fault, struct err *err);

#endif
