/* routes_metrics.c - /metrics, for Prometheus. */
#include "tiler/serve/ask.h"

enum err_code ask_metrics(struct ask *ask, struct err *err)
{
    const struct routes_settings *settings = ask->settings;
    struct cache_counts cache = cache_counts(settings->cache);
    struct disk_counts disk = disk_counts(settings->disk);
    struct http_load load = {0};
    double resident_bytes = 0, cpu_s = 0;
    (void)err;
    metrics_process(&resident_bytes, &cpu_s);
    if (settings->server && *settings->server)
        load = http_load(*settings->server);
    struct world *world = watch_world(settings->watch);
    const struct metrics_figure figures[] = {
        {"sisetu_store_generation", "Generation of the store that is served.", false,
         (double)world->generation},
        {"sisetu_connections", "Open connections.", false, (double)load.n_connections},
        {"sisetu_connections_busy", "Connections with an answer on its way.", false,
         (double)load.n_busy},
        {"sisetu_connections_cut_total", "Connections cut off because they took too long.", true,
         (double)load.n_cut},
        {"sisetu_requests_waiting", "Requests that wait for a thread.", false,
         (double)load.n_waiting},
        {"sisetu_tile_cache_tiles", "Finished tiles in memory.", false, (double)cache.n},
        {"sisetu_tile_cache_bytes", "Their bytes.", false, (double)cache.bytes},
        {"sisetu_tile_cache_hits_total", "Tiles that were there.", true, (double)cache.hits},
        {"sisetu_tile_cache_misses_total", "Tiles that had to be drawn.", true,
         (double)cache.misses},
        {"sisetu_tile_cache_evictions_total", "Tiles thrown out.", true, (double)cache.evictions},
        {"sisetu_tile_disk_bytes", "Bytes of tiles in --tile-cache.", false, (double)disk.bytes},
        {"sisetu_tile_disk_hits_total", "Tiles that were there.", true, (double)disk.hits},
        {"sisetu_tile_disk_misses_total", "Tiles that were not.", true, (double)disk.misses},
        {"process_resident_memory_bytes", "Resident memory.", false, resident_bytes},
        {"process_cpu_seconds_total", "Processor time, of user and system.", true, cpu_s},
    };
    world_release(world);
    metrics_write(settings->metrics, figures, sizeof figures / sizeof figures[0], &ask->out);
    ask->response->cache_control = "no-store";
    return ERR_OK;
}
