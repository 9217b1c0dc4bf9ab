#include "tiler/archive/archive_directory.h"

#include <stdlib.h>
#include <string.h>

/* ---- the Hilbert curve ---- */

uint64_t hilbert_first(uint32_t z)
{
    /* (4^z - 1) / 3: every second bit, z of them. */
    return z == 0 ? 0 : UINT64_C(0x5555555555555555) & (UINT64_MAX >> (64 - 2 * z));
}

/* Turns a square of edge `side` so that the curve inside it begins where it should. */
static void turn(uint32_t side, uint32_t *x, uint32_t *y, bool right, bool down)
{
    if (down)
        return;
    if (right) {
        *x = side - 1 - *x;
        *y = side - 1 - *y;
    }
    uint32_t was = *x;
    *x = *y;
    *y = was;
}

uint64_t hilbert_of(struct archive_tile tile)
{
    uint32_t x = tile.x, y = tile.y;
    uint64_t along = 0;
    for (uint32_t level = tile.z; level-- > 0;) {
        uint32_t side = UINT32_C(1) << level;
        bool right = x & side, down = y & side;
        along = along << 2 | (right ? 3u ^ (down ? 1u : 0u) : (down ? 1u : 0u));
        x &= side - 1;
        y &= side - 1;
        turn(side, &x, &y, right, down);
    }
    return hilbert_first(tile.z) + along;
}

struct archive_tile hilbert_tile(uint64_t id)
{
    uint32_t z = 0, x = 0, y = 0;
    while (z < HILBERT_ZOOM_MAX && id >= hilbert_first(z + 1))
        z++;
    uint64_t along = id - hilbert_first(z);
    for (uint32_t level = 0; level < z; level++, along >>= 2) {
        uint32_t side = UINT32_C(1) << level;
        bool right = along & 2, down = (along ^ along >> 1) & 1;
        turn(side, &x, &y, right, down);
        x += right ? side : 0;
        y += down ? side : 0;
    }
    return (struct archive_tile){z, x, y};
}

/* ---- the header ---- */

/* With the version. */
static const uint8_t MAGIC[8] = {'P', 'M', 'T', 'i', 'l', 'e', 's', 3};

static void put(uint8_t **at, uint64_t value, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        *(*at)++ = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t **at, int n_bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < n_bytes; i++)
        value |= (uint64_t) * (*at)++ << (8 * i);
    return value;
}

void pmtiles_header_write(const struct pmtiles_header *h, uint8_t out[PMTILES_HEADER_BYTES])
{
    uint8_t *at = out;
    memcpy(at, MAGIC, sizeof MAGIC);
    at += sizeof MAGIC;
    const uint64_t numbers[] = {h->root_offset,    h->root_bytes,    h->metadata_offset,
                                h->metadata_bytes, h->leaves_offset, h->leaves_bytes,
                                h->data_offset,    h->data_bytes,    h->n_tiles,
                                h->n_entries,      h->n_contents};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        put(&at, numbers[i], 8);
    const uint8_t small[] = {h->clustered, h->inner_compression, h->tile_compression,
                             h->tile_type, h->min_zoom,          h->max_zoom};
    for (size_t i = 0; i < sizeof small; i++)
        put(&at, small[i], 1);
    const int32_t box[] = {h->west_e7, h->south_e7, h->east_e7, h->north_e7};
    for (size_t i = 0; i < 4; i++)
        put(&at, (uint32_t)box[i], 4);
    put(&at, h->centre_zoom, 1);
    put(&at, (uint32_t)h->centre_lon_e7, 4);
    put(&at, (uint32_t)h->centre_lat_e7, 4);
}

/* Whether a part lies in the file. */
static bool inside(uint64_t offset, uint64_t bytes, uint64_t n_file)
{
    return offset <= n_file && bytes <= n_file - offset;
}

enum err_code pmtiles_header_read(const uint8_t *bytes, size_t n, uint64_t n_file,
                                  struct pmtiles_header *h, struct err *err)
{
    if (n < PMTILES_HEADER_BYTES || memcmp(bytes, MAGIC, 7) != 0)
        return err_set(err, ERR_INPUT, "not a PMTiles archive");
    if (bytes[7] != MAGIC[7])
        return err_set(err, ERR_VERSION, "PMTiles version %d; version 3 is read", bytes[7]);
    const uint8_t *at = bytes + 8;
    uint64_t *const numbers[] = {&h->root_offset,    &h->root_bytes,    &h->metadata_offset,
                                 &h->metadata_bytes, &h->leaves_offset, &h->leaves_bytes,
                                 &h->data_offset,    &h->data_bytes,    &h->n_tiles,
                                 &h->n_entries,      &h->n_contents};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        *numbers[i] = get(&at, 8);
    h->clustered = get(&at, 1) == 1;
    uint8_t *const small[] = {&h->inner_compression, &h->tile_compression, &h->tile_type,
                              &h->min_zoom, &h->max_zoom};
    for (size_t i = 0; i < sizeof small / sizeof small[0]; i++)
        *small[i] = (uint8_t)get(&at, 1);
    int32_t *const box[] = {&h->west_e7, &h->south_e7, &h->east_e7, &h->north_e7};
    for (size_t i = 0; i < 4; i++)
        *box[i] = (int32_t)get(&at, 4);
    h->centre_zoom = (uint8_t)get(&at, 1);
    h->centre_lon_e7 = (int32_t)get(&at, 4);
    h->centre_lat_e7 = (int32_t)get(&at, 4);
    if (!inside(h->root_offset, h->root_bytes, n_file) ||
        !inside(h->metadata_offset, h->metadata_bytes, n_file) ||
        !inside(h->leaves_offset, h->leaves_bytes, n_file) ||
        !inside(h->data_offset, h->data_bytes, n_file))
        return err_set(err, ERR_INPUT, "a part of the archive lies beyond its end: it is cut off");
    if (!inside(h->root_offset, h->root_bytes, PMTILES_ROOT_END))
        return err_set(err, ERR_INPUT, "the root directory lies beyond the first 16,384 bytes");
    if (h->inner_compression != PMTILES_NONE && h->inner_compression != PMTILES_GZIP)
        return err_set(err, ERR_INPUT, "directories of compression %d; 1 and 2 (gzip) are read",
                       h->inner_compression);
    return ERR_OK;
}

/* ---- directories ---- */

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

enum { VARINT_BYTES = 10 };

void directory_write(const struct directory_entry *entries, size_t n, struct buf *out)
{
    uint8_t *start = (uint8_t *)buf_reserve(out, (4 * n + 1) * VARINT_BYTES);
    if (!start)
        return;
    uint8_t *at = put_varint(start, n);
    for (size_t i = 0; i < n; i++)
        at = put_varint(at, entries[i].id - (i ? entries[i - 1].id : 0));
    for (size_t i = 0; i < n; i++)
        at = put_varint(at, entries[i].run);
    for (size_t i = 0; i < n; i++)
        at = put_varint(at, entries[i].n_bytes);
    for (size_t i = 0; i < n; i++) {
        bool follows = i > 0 && entries[i].offset == entries[i - 1].offset + entries[i - 1].n_bytes;
        at = put_varint(at, follows ? 0 : entries[i].offset + 1);
    }
    out->n_bytes += (size_t)(at - start);
}

struct reading {
    const uint8_t *at, *end;
    bool broken;
};

static uint64_t next_varint(struct reading *in)
{
    uint64_t value = 0;
    for (int i = 0; i < VARINT_BYTES && in->at < in->end; i++) {
        uint8_t byte = *in->at++;
        if (i == VARINT_BYTES - 1 && byte > 1)
            break;
        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80)
            return value;
    }
    in->broken = true;
    return 0;
}

static uint32_t next_small(struct reading *in)
{
    uint64_t value = next_varint(in);
    in->broken |= value > UINT32_MAX;
    return (uint32_t)value;
}

/* What each entry says of the one before it, column by column. */
static void read_columns(struct reading *in, struct directory_entry *entries, size_t n)
{
    const uint64_t beyond =
        hilbert_first(HILBERT_ZOOM_MAX) + (UINT64_C(1) << (2 * HILBERT_ZOOM_MAX));
    for (size_t i = 0; i < n && !in->broken; i++) {
        uint64_t step = next_varint(in), before = i ? entries[i - 1].id : 0;
        in->broken |= (i > 0 && step == 0) || step >= beyond - before;
        entries[i].id = before + step;
    }
    for (size_t i = 0; i < n && !in->broken; i++) {
        uint64_t most = (i + 1 < n ? entries[i + 1].id : beyond) - entries[i].id;
        entries[i].run = next_small(in);
        in->broken |= entries[i].run > most;
    }
    for (size_t i = 0; i < n && !in->broken; i++) {
        entries[i].n_bytes = next_small(in);
        in->broken |= entries[i].n_bytes == 0;
    }
    for (size_t i = 0; i < n && !in->broken; i++) {
        uint64_t offset = next_varint(in);
        if (offset == 0 && i > 0)
            entries[i].offset = entries[i - 1].offset + entries[i - 1].n_bytes;
        else
            entries[i].offset = offset - 1;
        in->broken |= (offset == 0 && i == 0) || entries[i].offset > UINT64_MAX - UINT32_MAX;
    }
}

enum err_code directory_read(const void *bytes, size_t n, struct directory_entry **out,
                             size_t *n_out, struct err *err)
{
    struct reading in = {bytes, (const uint8_t *)bytes + n, false};
    *out = NULL;
    *n_out = 0;
    uint64_t count = next_varint(&in);
    /* An entry takes four bytes at least. */
    if (in.broken || count == 0 || count > (uint64_t)(in.end - in.at) / 4)
        return err_set(err, ERR_INPUT, "broken directory: the number of entries cannot be");
    struct directory_entry *entries = malloc(count * sizeof *entries);
    if (!entries)
        return err_nomem(err);
    read_columns(&in, entries, count);
    if (in.broken || in.at != in.end) {
        free(entries);
        return err_set(err, ERR_INPUT, "broken directory of %llu entries",
                       (unsigned long long)count);
    }
    *out = entries;
    *n_out = count;
    return ERR_OK;
}

const struct directory_entry *directory_find(const struct directory_entry *entries, size_t n,
                                             uint64_t id)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries[middle].id <= id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NULL;
    const struct directory_entry *entry = &entries[low - 1];
    return entry->run == 0 || id - entry->id < entry->run ? entry : NULL;
}
