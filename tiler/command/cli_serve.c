/* cli_serve.c - sisetu serve: the map, its tiles and its answers over HTTP. */
#include "data/base/json.h"
#include "data/base/limits.h"
#include "data/base/log.h"
#include "data/base/text.h"
#include "tiler/command/cli.h"
#include "tiler/serve/editing.h"
#include "tiler/serve/notify.h"
#include "tiler/serve/routes.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char DEFAULT_ADDRESS[] = "127.0.0.1:8080";

/* Threads of the pool: one a processor, at most this many unless asked for. */
enum { THREADS_DEFAULT_MOST = 16, THREADS_MOST = 256 };

/* A load of the store that is under way ends within that time, or goes on without us. */
enum { RELOAD_WAIT_MS = 5000 };

/* ---- the basemap ---- */

struct basemap {
    struct buf json;    /* for /v1/status */
    struct buf sources; /* for the page's policy: where images may come from */
};

/* "https://a.example/{z}/{x}/{y}.png" to "https://a.example"; NULL if it is no such URL. */
static const char *origin_of(const char *url, struct arena *arena)
{
    size_t scheme = text_starts(url, "https://") ? 8 : text_starts(url, "http://") ? 7 : 0;
    size_t host = scheme ? strcspn(url + scheme, "/?#") : 0;
    if (host == 0 || strpbrk(url, " ;,'\"\\") || !strstr(url, "{z}") || !strstr(url, "{x}") ||
        !strstr(url, "{y}"))
        return NULL;
    return arena_strndup(arena, url, scheme + host);
}

/* A key goes into a URL that the page makes: letters and digits, nothing else. */
static bool is_key(const char *key)
{
    size_t n = strlen(key);
    return n > 0 && n <= 128 &&
           strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == n;
}

static enum err_code read_basemap(struct cli *cli, struct basemap *out, struct err *err)
{
    const char *given = cli_value(cli, "basemap");
    struct jw jw;
    jw_init(&jw, &out->json);
    if (!given) {
        jw_null(&jw);
        return ERR_OK;
    }
    jw_object(&jw);
    if (text_starts(given, "tianditu:") && is_key(given + strlen("tianditu:"))) {
        jw_kv_string(&jw, "kind", "tianditu");
        jw_kv_string(&jw, "key", given + strlen("tianditu:"));
        buf_add_text(&out->sources, "https://*.tianditu.gov.cn");
    } else if (text_starts(given, "xyz:")) {
        const char *url = given + strlen("xyz:");
        const char *origin = origin_of(url, &cli->arena);
        if (!origin)
            return err_set(err, ERR_USAGE,
                           "--basemap \"%s\" should be xyz:https://host/{z}/{x}/{y}.png", given);
        jw_kv_string(&jw, "kind", "xyz");
        jw_kv_string(&jw, "url", url);
        jw_kv_string(&jw, "attribution", cli_value(cli, "attribution"));
        buf_add_text(&out->sources, origin);
    } else {
        return err_set(err, ERR_USAGE, "--basemap \"%s\" should be tianditu:KEY or xyz:URL", given);
    }
    jw_end_object(&jw);
    return buf_ok(&out->json) && buf_ok(&out->sources) ? ERR_OK : err_nomem(err);
}

/* ---- how long browsers keep tiles ---- */

enum { MAX_AGE_MOST_S = 31536000 };

/* Of --tile-cache: 200,000 tiles of 5 KB; 10 TB. */
enum { DISK_DEFAULT_MB = 1024, DISK_MOST_MB = 10 << 20 };

static enum err_code set_max_age(struct cli *cli, const char *map, const char *seconds,
                                 const char *controls[CACHE_MAPS], struct err *err)
{
    int64_t age_s = -1;
    enum map_id id = MAP_COUNT;
    bool known = !map || map_by_name(map, &id);
    if (!known || !text_to_int(seconds, &age_s) || age_s < 0 || age_s > MAX_AGE_MOST_S)
        return err_set(err, ERR_USAGE,
                       "--max-age \"%s\" should be seconds, 0 to %d, or MAP=SECONDS, such as "
                       "risk=3600,county=60",
                       cli_value(cli, "max-age"), MAX_AGE_MOST_S);
    const char *control =
        arena_printf(&cli->arena, "public, max-age=%d, must-revalidate", (int)age_s);
    if (!control)
        return err_nomem(err);
    for (int i = 0; i < MAP_COUNT; i++)
        if (!map || i == (int)id)
            controls[i] = control;
    return ERR_OK;
}

static enum err_code read_max_age(struct cli *cli, const char *controls[CACHE_MAPS],
                                  struct err *err)
{
    const char *given = cli_value(cli, "max-age");
    char *list = given ? arena_strdup(&cli->arena, given) : NULL;
    if (given && !list)
        return err_nomem(err);
    for (char *item = list; item;) {
        char *next = strchr(item, ','), *equals;
        if (next)
            *next++ = '\0';
        equals = strchr(item, '=');
        if (equals)
            *equals = '\0';
        enum err_code code =
            set_max_age(cli, equals ? item : NULL, equals ? equals + 1 : item, controls, err);
        if (code != ERR_OK)
            return code;
        item = next;
    }
    return ERR_OK;
}

/* ---- the server ---- */

struct serving {
    struct style_set *styles;
    struct assets assets;
    struct cache *cache;
    struct disk *disk;
    struct watch *watch;
    struct editing *editing;
    struct routes *routes;
    struct request_log *log;
    struct http_server *server;
    int socket;
    char bound[HTTP_ADDRESS_BYTES];
};

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static unsigned default_threads(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > THREADS_DEFAULT_MOST ? THREADS_DEFAULT_MOST : (unsigned)n;
}

static enum err_code start(struct cli *cli, struct basemap *basemap, struct serving *on,
                           struct err *err)
{
    enum err_code code = ERR_OK;
    const char *address = cli_value(cli, "listen");
    const char *missing = NULL;
    const char *max_ages[CACHE_MAPS] = {NULL}, *disk_path = cli_value(cli, "tile-cache");
    int64_t disk_mb = DISK_DEFAULT_MB;
    int64_t n_threads = default_threads();
    TRY(cli_integer(cli, "threads", 1, THREADS_MOST, &n_threads, err));
    TRY(read_basemap(cli, basemap, err));
    TRY(read_max_age(cli, max_ages, err));
    TRY(cli_integer(cli, "tile-cache-mb", 1, DISK_MOST_MB, &disk_mb, err));
    if (cli_value(cli, "access-log"))
        TRY(request_log_open(cli_value(cli, "access-log"), &on->log, err));
    /* The address first: in use is told before the store is read. */
    TRY(http_bind(address ? address : DEFAULT_ADDRESS, &on->socket, on->bound, err));
    TRY(style_set_load(cli_value(cli, "style"), &on->styles, err));
    TRY(assets_load(&on->assets, &missing, err));
    TRY(cache_new(LIMIT_TILE_CACHE_BYTES, &on->cache, err));
    if (disk_path)
        TRY(disk_open(disk_path, (size_t)disk_mb << 20, &on->disk, err));
    struct watch_settings watched = {.store_path = cli->arguments[0],
                                     .rules_directory = cli_value(cli, "rules"),
                                     .styles = on->styles,
                                     .cache = on->cache,
                                     .disk = on->disk};
    TRY(watch_start(&watched, &on->watch, err));
    TRY(editing_start(cli->arguments[0], on->watch, &on->editing, err));
    struct routes_settings served = {.watch = on->watch,
                                     .cache = on->cache,
                                     .disk = on->disk,
                                     .editing = on->editing,
                                     .reading_needs_token = cli_flag(cli, "require-read-token"),
                                     .assets = &on->assets,
                                     .store_name = base_name(cli->arguments[0]),
                                     .basemap = buf_text(&basemap->json),
                                     .image_sources = buf_text(&basemap->sources),
                                     .log = on->log,
                                     .server = &on->server};
    memcpy(served.cache_controls, max_ages, sizeof max_ages);
    TRY(routes_new(&served, &on->routes, err));
    struct http_app app = routes_app(on->routes);
    int socket = on->socket;
    on->socket = -1; /* http_start takes it over */
    TRY(http_start(socket, (unsigned)n_threads, &app, &on->server, err));
    if (missing)
        log_line("viewer", "missing=%s effect=\"the page does not work; tiles and answers do\"",
                 missing);
    log_line("start", "address=http://%s store=%s threads=%" PRId64, on->bound, cli->arguments[0],
             n_threads);
done:
    return code;
}

static void stop(struct serving *on)
{
    http_stop(on->server);
    routes_free(on->routes);
    editing_free(on->editing);
    watch_free(on->watch);
    disk_close(on->disk);
    cache_free(on->cache);
    assets_release(&on->assets);
    style_set_release(on->styles);
    request_log_close(on->log);
    if (on->socket >= 0)
        close(on->socket);
}

/* SIGHUP: what can be renewed while it is served. */
static void reload(struct serving *on)
{
    notify_reloading();
    log_line("reload", "signal=SIGHUP");
    if (on->log)
        request_log_reopen(on->log);
    if (watch_hold(on->watch, RELOAD_WAIT_MS)) {
        watch_look(on->watch);
        watch_let(on->watch);
    } /* else it is just looking */
    notify_ready();
}

/* Until the answers that are on their way have arrived, or nobody wants to wait any longer. */
static void drain(struct serving *on, const sigset_t *signals)
{
    const struct timespec moment = {0, 50000000L};
    struct timespec now, end;
    notify_stopping();
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += LIMIT_DRAIN_S;
    while (!http_drain(on->server)) {
        int got = sigtimedwait(signals, NULL, &moment);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (got == SIGINT || got == SIGTERM || now.tv_sec > end.tv_sec) {
            log_line("stop", "unfinished=%zu", http_load(on->server).n_busy);
            return;
        }
    }
}

static enum err_code run_serve(struct cli *cli, struct err *err)
{
    enum err_code code = ERR_OK;
    struct serving on = {.socket = -1};
    struct basemap basemap;
    buf_init(&basemap.json);
    buf_init(&basemap.sources);
    /* Blocked before any thread starts, so that only the waits here see them. */
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    TRY(start(cli, &basemap, &on, err));
    printf("http://%s/\n", on.bound);
    fflush(stdout);
    notify_ready();
    int got = SIGHUP;
    for (sigwait(&signals, &got); got == SIGHUP; sigwait(&signals, &got))
        reload(&on);
    log_line("stop", "signal=%s", got == SIGINT ? "SIGINT" : "SIGTERM");
    drain(&on, &signals);
done:
    stop(&on);
    buf_release(&basemap.json);
    buf_release(&basemap.sources);
    return code;
}

const struct cli_command cli_serve = {
    .name = "serve",
    .arguments = "STORE",
    .summary = "serve the map, its tiles and its answers over HTTP",
    .details =
        "Shows a new import or assessment within two seconds, without a restart. Prints its\n"
        "address when it is ready. SIGINT and SIGTERM stop it after the answers that are on their\n"
        "way; SIGHUP reads styles and store anew and opens the access log again. Changes the "
        "store\n"
        "for whoever has a token (sisetu token add), else only reads it. QGIS, ArcGIS and other "
        "GIS\n"
        "clients add all maps by one address: http://HOST/wmts/1.0.0/WMTSCapabilities.xml.",
    .examples = "sisetu serve build/ningxia.gpkg\n"
                "sisetu serve build/ningxia.gpkg --listen 0.0.0.0:80 --basemap tianditu:KEY\n",
    .options =
        (const struct cli_option[]){
            {"listen", 'l', "HOST:PORT", false,
             "where to listen (127.0.0.1:8080); port 0: any free"},
            {"style", 0, "STYLE", false,
             "look of the maps: a name in styles/ (four-colour) or a file"},
            {"rules", 0, "DIR", false, "rule tables (default: those the store was assessed by)"},
            {"threads", 0, "N", false, "threads that draw and answer (one a processor)"},
            {"max-age", 0, "SECONDS", false,
             "how long browsers keep tiles unasked (0); also MAP=SECONDS,..."},
            {"tile-cache", 0, "FILE", false, "keep finished tiles in FILE too, over restarts"},
            {"tile-cache-mb", 0, "N", false, "how large it may grow (1024)"},
            {"basemap", 0, "MAP", false, "tianditu:KEY or xyz:URL, loaded by the browser"},
            {"attribution", 0, "TEXT", false, "whose the xyz basemap is"},
            {"access-log", 0, "FILE", false, "a line a request; - for standard error"},
            {"require-read-token", 0, NULL, false, "answer nobody without a token"},
            {NULL, 0, NULL, false, NULL}},
    .min_arguments = 1,
    .max_arguments = 1,
    .run = run_serve,
};
