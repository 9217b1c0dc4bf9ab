/*
 * limits.h - the one table of bounds: every count and size that enters from outside.
 *
 * A number here is a promise to the machine (it will not run out), not a law; each
 * carries its reason. What the law fixes stands in data/rules/.
 */
#ifndef SISETU_DATA_BASE_LIMITS_H
#define SISETU_DATA_BASE_LIMITS_H

enum {
    /* A style or a POST body of a site with a detailed outline is well below 1 MB;
     * 16 MB is what one thread parses in a fifth of a second. */
    LIMIT_JSON_BYTES = 16 << 20,

    /* Rule tables are kept by hand; the largest has 200 rows of 150 bytes. */
    LIMIT_RULE_FILE_BYTES = 4 << 20,

    /* A boundary at 1 m detail has about a million vertices; four times that. */
    LIMIT_VERTICES_PER_GEOMETRY = 4 << 20,

    /* Names are shown and drawn; the longest registered company name is near 100. */
    LIMIT_TEXT_BYTES = 4096,

    /* Ids stand in addresses and, two together, in the ids of conflicts: both fit LIMIT_URL_BYTES
     * with every byte percent-encoded. A UUID has 36 bytes, a name of 100 Chinese letters 300. */
    LIMIT_ID_BYTES = 512,

    /* 50,000 targets and 20,000 plants are a region; the whole country is 100 times that. */
    LIMIT_RECORDS_PER_LAYER = 10 * 1000 * 1000,

    /* A 10 m grid of a province is 60,000 x 60,000 cells; an edge of 2^18 covers it. */
    LIMIT_RASTER_EDGE_CELLS = 1 << 18,

    /* Bodies of POST and PUT: one proposed site, or one record with its outline of 40,000
     * vertices. */
    LIMIT_BODY_BYTES = 2 << 20,

    /* What is read of a larger body, and thrown away, so that the client hears why it is refused:
     * one that is still sending when the connection ends hears nothing. A larger one that says so
     * beforehand is refused unread; one that does not is cut off. */
    LIMIT_DISCARDED_BYTES = 256 << 20,

    /* A URL with its query; browsers and proxies cut near 8,000. */
    LIMIT_URL_BYTES = 8192,

    /* Request line and headers of a connection, with our own response headers: what
     * libmicrohttpd sets aside for each, and wipes after each request. Twice the URL holds any
     * browser's headers. */
    LIMIT_HEADER_BYTES = 16 << 10,

    /* Open connections, if the system lets a process have as many descriptors: a browser holds six,
     * a proxy a few dozen; each costs two descriptors and LIMIT_HEADER_BYTES at most. */
    LIMIT_CONNECTIONS = 2048,

    /* Of one address, so that a single client cannot keep out all others; a proxy in front of us
     * is one, too. */
    LIMIT_CONNECTIONS_PER_ADDRESS = 512,

    /* Seconds for a whole request, counted from the end of the answer before, and for taking a
     * whole answer: 2 MiB at 20 kB/s. Whoever takes longer is cut off. */
    LIMIT_RECEIVE_S = 120,
    LIMIT_SEND_S = 120,

    /* The same for a request while seven of eight connections are taken: a request is a packet or
     * two, and a browser whose idle connection goes opens another. */
    LIMIT_CROWDED_S = 2,

    /* Seconds that a server which is told to stop waits for answers that are on their way. */
    LIMIT_DRAIN_S = 30,

    /* Seconds without a byte before a connection is closed. */
    LIMIT_IDLE_S = 30,

    /* Threads of one assessment: each has library contexts of some MB. */
    LIMIT_THREADS = 256,

    /* Requests that wait for a worker before the next gets 503: two screens of tiles for
     * ten people. */
    LIMIT_WAITING_REQUESTS = 512,

    /* Finished tiles kept in memory; 10,000 tiles of 6 KB. */
    LIMIT_TILE_CACHE_BYTES = 64 << 20,

    /* One tile in an archive; a picture of 512 px without any compression is 1 MB, vector tiles
     * above 0.5 MB count as a mistake of whoever made them. */
    LIMIT_TILE_BYTES = 16 << 20,

    /* Tiles of one archive: zoom 0 to 14 of a province of 100,000 km2 is 200,000 tiles, to 18
     * fifty million; 50 bytes of memory each. */
    LIMIT_ARCHIVE_TILES = 50 * 1000 * 1000,

    /* Memory of one request or one tile: thousands of conflicts with their reasons. */
    LIMIT_REQUEST_BYTES = 512 << 20,

    /* A proposed site is drawn by hand or by a surveyor: a few hundred corners. Ten thousand
     * hold a worker for a second, sixty thousand for eight. */
    LIMIT_SITE_VERTICES = 10 * 1000,

    /* GeoJSON on standard input: shapes of four million vertices with all their digits. */
    LIMIT_STDIN_BYTES = 256 << 20,

    /* What a proof carries whole, the rest being hashes: 40 bytes a vertex, 2 to 8 a cell, so that
     * the document stays well below LIMIT_JSON_BYTES and can be sent by mail. The outlines of
     * plants, zones and targets have tens of vertices, a county's border 20,000. */
    LIMIT_PROOF_VERTICES = 20 * 1000,
    LIMIT_PROOF_VERTICES_ALL = 100 * 1000,
    LIMIT_PROOF_CELLS = 200 * 1000,  /* a strip of 600 m along 300 km of cells of 100 m */
    LIMIT_PROOF_RECORDS = 20 * 1000, /* 300 bytes each */

    /* Findings that the proof of one plant's grade works out, the worst first. */
    LIMIT_PROOF_FINDINGS = 200,

    /* Fatal areas whose outlines are cut with each other for iso-risk contours: 4,000 over a
     * city take 3 s, 500 about one point 11 s. */
    LIMIT_RISK_AREAS = 4000,

    /* Radius of a query, m: the largest release zones are tens of kilometres. */
    LIMIT_RADIUS_M = 100 * 1000,

    /* Least distance of a question, m: nothing is measured finer than a millimetre. */
    LIMIT_LEAST_DISTANCE_MM = 1,

    /* Items in one page of an answer. */
    LIMIT_PAGE_ITEMS = 10 * 1000,
};

#endif
