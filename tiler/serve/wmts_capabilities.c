#include "tiler/serve/wmts_capabilities.h"

#include "tiler/answers/answers.h"

#include <inttypes.h>
#include <string.h>

enum {
    /* Names and symbols reach that far beyond what they stand at. */
    MARGIN_PX = 128,
};

static const char PNG_TYPE[] = "image/png";
static const char MVT_TYPE[] = "application/vnd.mapbox-vector-tile";

/* Text between tags or in an attribute; what XML 1.0 cannot say is left out. */
static void add_escaped(struct buf *out, const char *text)
{
    for (const char *c = text; *c; c++) {
        switch (*c) {
        case '&':
            buf_add_text(out, "&amp;");
            break;
        case '<':
            buf_add_text(out, "&lt;");
            break;
        case '>':
            buf_add_text(out, "&gt;");
            break;
        case '"':
            buf_add_text(out, "&quot;");
            break;
        default:
            if ((unsigned char)*c >= 0x20 || *c == '\t' || *c == '\n')
                buf_add_byte(out, *c);
        }
    }
}

static void add_element(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "<%s>", name);
    add_escaped(out, text);
    buf_printf(out, "</%s>\n", name);
}

/* What is part of a path, or the value of a parameter, of an address in an attribute. */
static void add_part(struct buf *out, const char *text)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    for (const char *c = text; *c; c++) {
        if (strchr(plain, *c))
            buf_add_byte(out, *c);
        else
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*c);
    }
}

/* ---- the service ---- */

static void write_identification(struct buf *out)
{
    buf_add_text(out, "<ows:ServiceIdentification>\n");
    add_element(out, "ows:Title", "sisetu 四色图");
    add_element(out, "ows:Abstract",
                "Four-colour maps of chemical safety: grades of units, hazard zones, plants, "
                "pipelines, conflicts.");
    buf_add_text(out, "<ows:ServiceType>OGC WMTS</ows:ServiceType>\n"
                      "<ows:ServiceTypeVersion>1.0.0</ows:ServiceTypeVersion>\n"
                      "<ows:Fees>none</ows:Fees>\n"
                      "<ows:AccessConstraints>none</ows:AccessConstraints>\n"
                      "</ows:ServiceIdentification>\n");
}

static void write_provider(struct buf *out)
{
    buf_add_text(out, "<ows:ServiceProvider>\n<ows:ProviderName>sisetu</ows:ProviderName>\n"
                      "<ows:ServiceContact/>\n</ows:ServiceProvider>\n");
}

/* Where key-value pairs are taken; more of them follow. */
static void add_kvp_address(const struct wmts_service *service, const struct wmts_request *request,
                            struct buf *out)
{
    add_escaped(out, service->base);
    if (request->has_map)
        buf_printf(out, "/%s_%s/wmts?", map_name(request->map), request->grid->name);
    else
        buf_printf(out, "/wmts?%s", request->tianditu ? "dialect=tianditu&amp;" : "");
}

/* A parameter that may be left out; the default of Style is told by each layer. */
static void write_default(struct buf *out, const char *name, const char *value, const char *other)
{
    buf_printf(out, "<ows:Parameter name=\"%s\"><ows:AllowedValues><ows:Value>%s</ows:Value>", name,
               value);
    if (other)
        buf_printf(out, "<ows:Value>%s</ows:Value>", other);
    buf_printf(out, "</ows:AllowedValues><ows:DefaultValue>%s</ows:DefaultValue></ows:Parameter>\n",
               value);
}

static void write_operation(const struct wmts_service *service, const struct wmts_request *request,
                            const char *name, struct buf *out)
{
    static const char encoding[] = "\"><ows:Constraint name=\"GetEncoding\"><ows:AllowedValues>"
                                   "<ows:Value>%s</ows:Value></ows:AllowedValues>"
                                   "</ows:Constraint></ows:Get>\n";
    buf_printf(out, "<ows:Operation name=\"%s\"><ows:DCP><ows:HTTP>\n<ows:Get xlink:href=\"", name);
    add_kvp_address(service, request, out);
    buf_printf(out, encoding, "KVP");
    if (!request->tianditu) {
        buf_add_text(out, "<ows:Get xlink:href=\"");
        add_escaped(out, service->base);
        buf_add_text(out, strcmp(name, "GetTile") == 0 ? "/wmts/1.0.0/"
                                                       : "/wmts/1.0.0/WMTSCapabilities.xml");
        buf_printf(out, encoding, "RESTful");
    }
    buf_add_text(out, "</ows:HTTP></ows:DCP>\n");
    if (strcmp(name, "GetTile") == 0 && !request->tianditu) {
        write_default(out, "Version", "1.0.0", NULL);
        write_default(out, "Format", PNG_TYPE, MVT_TYPE);
    }
    buf_add_text(out, "</ows:Operation>\n");
}

/* ---- layers ---- */

static void write_style(const struct wmts_service *service, const struct wmts_request *request,
                        enum map_id map, size_t index, struct buf *out)
{
    const char *name = style_name(style_set_at(service->styles, index));
    buf_printf(out, "<Style isDefault=\"%s\">\n", index == 0 ? "true" : "false");
    add_element(out, "ows:Title", name);
    add_element(out, "ows:Identifier", request->tianditu && index == 0 ? "default" : name);
    buf_printf(out, "<LegendURL format=\"%s\" xlink:href=\"", PNG_TYPE);
    add_escaped(out, service->base);
    buf_printf(out, "/v1/legend/%s.png?style=", map_name(map));
    add_part(out, name);
    buf_add_text(out, "\"/>\n</Style>\n");
}

static void write_limits(const struct wmts_service *service, const struct tile_grid *grid,
                         struct buf *out)
{
    buf_printf(out, "<TileMatrixSetLink>\n<TileMatrixSet>%s</TileMatrixSet>\n", grid->name);
    if (box_is_empty(service->bounds)) {
        buf_add_text(out, "</TileMatrixSetLink>\n");
        return;
    }
    buf_add_text(out, "<TileMatrixSetLimits>\n");
    for (uint32_t level = grid->first; level <= grid->last; level++) {
        double margin = MARGIN_PX * 360.0 / TILE_PX / tile_grid_columns(grid, level);
        struct box box = service->bounds;
        box.west_deg -= margin;
        box.south_deg -= margin;
        box.east_deg += margin;
        box.north_deg += margin;
        struct tile_limits limits = tile_grid_limits(grid, level, box);
        buf_printf(out,
                   "<TileMatrixLimits><TileMatrix>%" PRIu32 "</TileMatrix>"
                   "<MinTileRow>%" PRIu32 "</MinTileRow><MaxTileRow>%" PRIu32 "</MaxTileRow>"
                   "<MinTileCol>%" PRIu32 "</MinTileCol><MaxTileCol>%" PRIu32 "</MaxTileCol>"
                   "</TileMatrixLimits>\n",
                   level, limits.north, limits.south, limits.west, limits.east);
    }
    buf_add_text(out, "</TileMatrixSetLimits>\n</TileMatrixSetLink>\n");
}

/* Of pictures alone: OpenLayers takes every template of a layer for one of them. */
static void write_resource(const struct wmts_service *service, enum map_id map, struct buf *out)
{
    buf_printf(out, "<ResourceURL format=\"%s\" resourceType=\"tile\" template=\"", PNG_TYPE);
    add_escaped(out, service->base);
    buf_printf(out,
               "/wmts/1.0.0/%s/{Style}/{TileMatrixSet}/{TileMatrix}/{TileRow}/{TileCol}.png\"/>\n",
               map_name(map));
}

/* Whether a grid is told of: three by default, Tianditu's two in its dialect, the one of its
 * address. */
static bool is_offered(const struct wmts_request *request, const struct tile_grid *grid)
{
    bool theirs = grid->id == GRID_TIANDITU_C || grid->id == GRID_TIANDITU_W;
    return request->grid ? request->grid == grid : theirs == request->tianditu;
}

static void write_layer(const struct wmts_service *service, const struct wmts_request *request,
                        enum map_id map, struct buf *out)
{
    struct map_title title = answer_map_title(map);
    struct box box = service->bounds;
    if (box_is_empty(box))
        box = (struct box){-180, -90, 180, 90};
    buf_add_text(out, "<Layer>\n<ows:Title>");
    add_escaped(out, title.zh);
    buf_add_text(out, " / ");
    add_escaped(out, title.en);
    buf_printf(out,
               "</ows:Title>\n<ows:WGS84BoundingBox><ows:LowerCorner>%.7f %.7f</ows:LowerCorner>"
               "<ows:UpperCorner>%.7f %.7f</ows:UpperCorner></ows:WGS84BoundingBox>\n",
               box.west_deg, box.south_deg, box.east_deg, box.north_deg);
    add_element(out, "ows:Identifier", map_name(map));
    for (size_t i = 0; i < style_set_count(service->styles); i++)
        write_style(service, request, map, i, out);
    add_element(out, "Format", request->tianditu ? "tiles" : PNG_TYPE);
    if (!request->tianditu)
        add_element(out, "Format", MVT_TYPE);
    for (int id = 0; id < GRID_COUNT; id++)
        if (is_offered(request, tile_grid_of((enum tile_grid_id)id)))
            write_limits(service, tile_grid_of((enum tile_grid_id)id), out);
    if (!request->tianditu)
        write_resource(service, map, out);
    buf_add_text(out, "</Layer>\n");
}

/* ---- tile matrix sets ---- */

static void write_crs(const struct tile_grid *grid, bool tianditu, struct buf *out)
{
    if (tianditu) {
        add_element(out, "ows:SupportedCRS",
                    grid->plane == PLANE_MERCATOR ? "urn:ogc:def:crs:EPSG::900913" : grid->crs);
        return;
    }
    double lower[2], upper[2];
    tile_grid_extent(grid, lower, upper);
    buf_printf(out,
               "<ows:BoundingBox crs=\"%s\"><ows:LowerCorner>%.16g %.16g</ows:LowerCorner>"
               "<ows:UpperCorner>%.16g %.16g</ows:UpperCorner></ows:BoundingBox>\n",
               grid->crs, lower[0], lower[1], upper[0], upper[1]);
    add_element(out, "ows:SupportedCRS", grid->crs);
    /* A set that lacks the largest scale of a well-known one does not conform to it (07-057r7,
     * clause 6.2): WorldCRS84Quad begins a level below GoogleCRS84Quad. */
    if (grid->id == GRID_WEB_MERCATOR)
        add_element(out, "WellKnownScaleSet", "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible");
}

static void write_matrix_set(const struct tile_grid *grid, bool tianditu, struct buf *out)
{
    double corner[2];
    tile_grid_corner(grid, corner);
    if (tianditu && !grid->north_first) { /* northing first, whatever the CRS says */
        double easting = corner[0];
        corner[0] = corner[1];
        corner[1] = easting;
    }
    buf_add_text(out, "<TileMatrixSet>\n");
    if (!tianditu)
        add_element(out, "ows:Title", grid->title);
    add_element(out, "ows:Identifier", grid->name);
    write_crs(grid, tianditu, out);
    for (uint32_t level = grid->first; level <= grid->last; level++) {
        double denominator = tianditu ? tile_grid_denominator_96_dpi(grid, level)
                                      : tile_grid_denominator(grid, level);
        buf_printf(out,
                   "<TileMatrix><ows:Identifier>%" PRIu32 "</ows:Identifier>"
                   "<ScaleDenominator>%.16g</ScaleDenominator>"
                   "<TopLeftCorner>%.16g %.16g</TopLeftCorner><TileWidth>%d</TileWidth>"
                   "<TileHeight>%d</TileHeight><MatrixWidth>%" PRIu32 "</MatrixWidth>"
                   "<MatrixHeight>%" PRIu32 "</MatrixHeight></TileMatrix>\n",
                   level, denominator, corner[0], corner[1], TILE_PX, TILE_PX,
                   tile_grid_columns(grid, level), tile_grid_rows(grid, level));
    }
    buf_add_text(out, "</TileMatrixSet>\n");
}

/* ---- the whole ---- */

void wmts_write_capabilities(const struct wmts_service *service, const struct wmts_request *request,
                             struct buf *out)
{
    /* First the one that a client should show where it is told of none. */
    static const enum map_id order[MAP_COUNT] = {MAP_RISK,   MAP_REGION,  MAP_CITY,
                                                 MAP_COUNTY, MAP_DANGERS, MAP_PIPELINES};
    buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                      "<Capabilities xmlns=\"http://www.opengis.net/wmts/1.0\" "
                      "xmlns:ows=\"http://www.opengis.net/ows/1.1\" "
                      "xmlns:xlink=\"http://www.w3.org/1999/xlink\" "
                      "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" "
                      "xsi:schemaLocation=\"http://www.opengis.net/wmts/1.0 "
                      "http://schemas.opengis.net/wmts/1.0/wmtsGetCapabilities_response.xsd\" "
                      "version=\"1.0.0\">\n");
    if (request->sections & WMTS_IDENTIFICATION)
        write_identification(out);
    if (request->sections & WMTS_PROVIDER)
        write_provider(out);
    if (request->sections & WMTS_OPERATIONS) {
        buf_add_text(out, "<ows:OperationsMetadata>\n");
        write_operation(service, request, "GetCapabilities", out);
        write_operation(service, request, "GetTile", out);
        buf_add_text(out, "</ows:OperationsMetadata>\n");
    }
    if (request->sections & WMTS_CONTENTS) {
        buf_add_text(out, "<Contents>\n");
        for (size_t i = 0; i < MAP_COUNT; i++)
            if (!request->has_map || request->map == order[i])
                write_layer(service, request, order[i], out);
        for (int id = 0; id < GRID_COUNT; id++)
            if (is_offered(request, tile_grid_of((enum tile_grid_id)id)))
                write_matrix_set(tile_grid_of((enum tile_grid_id)id), request->tianditu, out);
        buf_add_text(out, "</Contents>\n");
    }
    if (!request->tianditu) {
        buf_add_text(out, "<ServiceMetadataURL xlink:href=\"");
        add_escaped(out, service->base);
        buf_add_text(out, "/wmts/1.0.0/WMTSCapabilities.xml\"/>\n");
    }
    buf_add_text(out, "</Capabilities>\n");
}

void wmts_write_fault(const struct wmts_fault *fault, const char *text, struct buf *out)
{
    buf_printf(out,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
               "<ows:ExceptionReport xmlns:ows=\"http://www.opengis.net/ows/1.1\" "
               "version=\"1.1.0\" xml:lang=\"en\">\n<ows:Exception exceptionCode=\"%s\"",
               fault->code ? fault->code : "NoApplicableCode");
    if (fault->locator) {
        buf_add_text(out, " locator=\"");
        add_escaped(out, fault->locator);
        buf_add_byte(out, '"');
    }
    buf_add_text(out, "><ows:ExceptionText>");
    add_escaped(out, text);
    buf_add_text(out, "</ows:ExceptionText></ows:Exception>\n</ows:ExceptionReport>\n");
}
