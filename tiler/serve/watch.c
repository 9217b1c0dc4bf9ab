#include "tiler/serve/watch.h"

#include "data/base/hash.h"
#include "data/base/log.h"
#include "data/base/wait.h"
#include "data/store_log.h"
#include "geo/world/world.h"
#include "styles/style.h"
#include "tiler/serve/carry.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* How often the store is looked at, and how long a look waits for an edit: then the next one is
 * due. */
enum { LOOK_MS = 1000, HOLD_MS = 1000 };

/* What tells one state of the store from another. A file that replaces another may well have
 * the same generation; one that is written over it, the same inode too; a copy of it with
 * another history, the same identity: but not the same time. */
struct identity {
    struct store_stamp stamp;
    struct timespec written;
};

struct watch {
    struct watch_settings settings;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool ending;
    struct style_set *styles;
    struct scenes *scenes[STYLE_SET_MOST]; /* under each of them */
    uint64_t styles_seen;                  /* the last that was tried (style_set_renew) */
    struct cache_epoch epoch;
    struct carry *carry;                    /* NULL: no edit yet */
    struct identity seen;                   /* of what is published */
    uint64_t settled;                       /* the last generation that watch_settled told of */
    bool is_ahead;                          /* the tables lack edits that are published */
    struct err trouble;                     /* the last that was logged; code ERR_OK: none */
    char styles_trouble[ERR_MESSAGE_BYTES]; /* the same of styles; "": none */
    struct arena tokens_arena;
    struct token *tokens;
    size_t n_tokens;
    bool held; /* while the store is looked at, loaded or edited */
    pthread_cond_t let;
    pthread_t thread;
    bool has_thread;
};

static enum err_code identify(const char *path, struct identity *out, struct err *err)
{
    struct stat status;
    memset(out, 0, sizeof *out);
    /* The time first: what is written in between is seen at the next look. */
    if (stat(path, &status) == 0)
        out->written = status.st_mtim;
    return store_stamp(path, &out->stamp, err);
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    return store_stamp_equal(a->stamp, b->stamp) && a->written.tv_sec == b->written.tv_sec &&
           a->written.tv_nsec == b->written.tv_nsec;
}

/* The scenes that are published under a style, or NULL. */
static struct scenes *published(const struct watch *watch, const struct style *style)
{
    for (size_t k = 0; watch->styles && k < style_set_count(watch->styles); k++)
        if (style_set_at(watch->styles, k) == style)
            return watch->scenes[k];
    return NULL;
}

/* Scenes of a world under each style; those that `watch` has of the same world are used on, of
 * another one what the edit left as it was. */
static enum err_code make_scenes(const struct watch *watch, struct world *world,
                                 const struct style_set *styles, const struct scene_edit *edit,
                                 struct scenes *out[STYLE_SET_MOST], struct err *err)
{
    enum err_code code = ERR_OK;
    for (size_t i = 0; code == ERR_OK && i < style_set_count(styles); i++) {
        struct style *style = style_set_at(styles, i);
        struct scenes *before = published(watch, style);
        if (before && scenes_world(before) == world) {
            out[i] = scenes_acquire(before);
            continue;
        }
        code = before ? scenes_new_like(before, world, &out[i], err)
                      : scenes_new(world, style, PLANE_MERCATOR, &out[i], err);
        if (code == ERR_OK && before)
            code = scenes_follow(out[i], before, edit, err);
        if (code == ERR_OK)
            scenes_share(out[i], out[0]);
    }
    return code;
}

static void release_scenes(struct scenes *scenes[STYLE_SET_MOST])
{
    for (size_t i = 0; i < STYLE_SET_MOST; i++)
        scenes_release(scenes[i]);
}

/* Puts these in the place of those that were published; the old ones come back in `scenes`. Under
 * the lock. */
static void swap_scenes(struct watch *watch, struct scenes *scenes[STYLE_SET_MOST])
{
    for (size_t i = 0; i < STYLE_SET_MOST; i++) {
        struct scenes *old = watch->scenes[i];
        watch->scenes[i] = scenes[i];
        scenes[i] = old;
    }
}

/* Tells the tiles of a map from all others under the same address: another store, another state of
 * it, other rules, another look, another program. */
static uint64_t version_of(const struct world *world, const struct identity *identity,
                           const struct style_set *styles, int map)
{
    unsigned char hash[HASH_BYTES];
    struct buf text;
    uint64_t version;
    buf_init(&text);
    buf_printf(&text, "%s %d %" PRIu64 " %" PRIu64 " %" PRId64 ".%ld %d %s ", SISETU_VERSION, map,
               identity->stamp.identity, world->generation, (int64_t)identity->written.tv_sec,
               identity->written.tv_nsec, world->as_of, world->rules->hash);
    for (size_t i = 0; i < style_set_count(styles); i++)
        buf_printf(&text, "%" PRIu64 " ", style_version(style_set_at(styles, i)));
    hash_bytes(buf_text(&text), text.n_bytes, hash);
    buf_release(&text);
    memcpy(&version, hash, sizeof version);
    return version;
}

/* The number of no map: of all that versions follow from. */
enum { WHOLE_STATE = -1 };

/* To an epoch of which no tile is known. A disk may know its versions from before a restart. */
static void turn_all(struct watch *watch, uint64_t state, struct cache_epoch *epoch, void *context,
                     bool (*stays)(void *context, const struct cache_place *place))
{
    struct disk_turn turn = {.state = state};
    (void)disk_versions(watch->settings.disk, state, epoch->versions);
    memcpy(turn.new, epoch->versions, sizeof turn.new);
    cache_turn(watch->settings.cache, epoch, context, stays);
    disk_turn(watch->settings.disk, &turn);
}

/* Brings cache and disk to the epoch of these scenes, which gets its versions; with the tiles that
 * are the same. */
static void turn(struct watch *watch, struct scenes *const scenes[STYLE_SET_MOST],
                 const struct identity *identity, const struct scene_edit *edit,
                 struct cache_epoch *epoch)
{
    struct err err = {0};
    struct world *world = scenes_world(scenes[0]);
    uint64_t versions[CACHE_MAPS], state = version_of(world, identity, watch->styles, WHOLE_STATE);
    for (int map = 0; map < CACHE_MAPS; map++)
        versions[map] = version_of(world, identity, watch->styles, map);
    if (edit && !watch->carry &&
        carry_new(style_set_at(watch->styles, 0), &watch->carry, &err) != ERR_OK)
        log_line("carry", "error=%s message=\"%s\"", err_code_name(err.code), err.message);
    if (edit && watch->carry) {
        const struct carry_step step = {.cache = watch->settings.cache,
                                        .disk = watch->settings.disk,
                                        .state = state,
                                        .styles = watch->styles,
                                        .before = watch->scenes,
                                        .scenes = scenes,
                                        .edit = edit,
                                        .epoch = epoch,
                                        .last = &watch->epoch,
                                        .versions = versions};
        carry_on(watch->carry, &step);
        return;
    }
    memcpy(epoch->versions, versions, sizeof versions);
    turn_all(watch, state, epoch, NULL, NULL);
}

/* Puts a world in the place of what was published. edit: what made it of that; or NULL. */
static enum err_code show(struct watch *watch, struct world *world, const struct identity *identity,
                          const struct scene_edit *edit, bool settled, struct err *err)
{
    enum err_code code = ERR_OK;
    struct scenes *scenes[STYLE_SET_MOST] = {NULL};
    struct cache_epoch epoch = {watch->epoch.edition + 1, world->generation, {0}};
    TRY(make_scenes(watch, world, watch->styles, edit, scenes, err));
    turn(watch, scenes, identity, edit, &epoch);
    pthread_mutex_lock(&watch->mutex);
    swap_scenes(watch, scenes);
    watch->epoch = epoch;
    watch->seen = *identity;
    if (settled)
        watch->settled = 0; /* generations of another store count from elsewhere */
    watch->is_ahead = !settled && world->generation > watch->settled;
    bool came = !settled && !watch->is_ahead;
    pthread_mutex_unlock(&watch->mutex);
    if (came)
        watch_settled(watch, world->generation, ERR_OK);
done:
    release_scenes(scenes);
    return code;
}

/* Whether one of the styles is still the one that a tile was drawn in. */
static bool has_style(void *styles, const struct cache_place *place)
{
    for (size_t i = 0; i < style_set_count(styles); i++)
        if (style_version(style_set_at(styles, i)) == place->style)
            return true;
    return false;
}

/* Puts styles in the place of those that were published; takes them over, also on failure. */
static enum err_code show_styles(struct watch *watch, struct style_set *styles, struct err *err)
{
    enum err_code code = ERR_OK;
    struct scenes *scenes[STYLE_SET_MOST] = {NULL};
    struct world *world = watch_world(watch);
    struct cache_epoch epoch = {watch->epoch.edition + 1, world->generation, {0}};
    pthread_mutex_lock(&watch->mutex);
    const struct identity seen = watch->seen; /* which watch_settled may change */
    pthread_mutex_unlock(&watch->mutex);
    TRY(make_scenes(watch, world, styles, NULL, scenes, err));
    for (int map = 0; map < CACHE_MAPS; map++)
        epoch.versions[map] = version_of(world, &seen, styles, map);
    turn_all(watch, version_of(world, &seen, styles, WHOLE_STATE), &epoch, styles, has_style);
    pthread_mutex_lock(&watch->mutex);
    swap_scenes(watch, scenes);
    watch->epoch = epoch;
    struct style_set *old = watch->styles;
    watch->styles = styles;
    styles = old;
    pthread_mutex_unlock(&watch->mutex);
    log_line("styles", "count=%zu first=\"%s\"", style_set_count(watch->styles),
             style_name(style_set_at(watch->styles, 0)));
done:
    release_scenes(scenes);
    style_set_release(styles);
    world_release(world);
    return code;
}

/* Only who holds the watch changes watch->styles, so that it may be read without the lock here. */
static void look_at_styles(struct watch *watch)
{
    struct style_set *renewed = NULL;
    struct err err = {0};
    enum err_code code = style_set_renew(watch->styles, &watch->styles_seen, &renewed, &err);
    if (code == ERR_OK && renewed)
        code = show_styles(watch, renewed, &err);
    if (code != ERR_OK && strcmp(watch->styles_trouble, err.message) != 0)
        log_line("styles", "error=%s message=\"%s\" action=\"the old styles stay\"",
                 err_code_name(code), err.message);
    snprintf(watch->styles_trouble, sizeof watch->styles_trouble, "%s",
             code == ERR_OK ? "" : err.message);
}

static enum err_code load_tokens(struct watch *watch, struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    struct arena arena;
    struct token *tokens = NULL;
    size_t n = 0;
    arena_init(&arena, 0);
    TRY(store_open(watch->settings.store_path, STORE_READ, &store, err));
    TRY(store_tokens(store, &arena, &tokens, &n, err));
    pthread_mutex_lock(&watch->mutex);
    struct arena old = watch->tokens_arena;
    watch->tokens_arena = arena;
    watch->tokens = tokens;
    watch->n_tokens = n;
    pthread_mutex_unlock(&watch->mutex);
    arena = old;
done:
    store_close(store);
    arena_release(&arena);
    return code;
}

/* Loads what the store holds now. */
static enum err_code publish(struct watch *watch, const struct identity *identity, struct err *err)
{
    enum err_code code = ERR_OK;
    struct world *world = NULL;
    TRY(load_tokens(watch, err));
    TRY(world_load(watch->settings.store_path, watch->settings.rules_directory, INT_ABSENT, &world,
                   err));
    TRY(show(watch, world, identity, NULL, true, err));
    log_line("world", "generation=%" PRIu64 " enterprises=%zu conflicts=%zu", world->generation,
             world_count(world, LAYER_ENTERPRISES), world_count(world, LAYER_CONFLICTS));
done:
    world_release(world);
    return code;
}

/* Edits in the log of the store whose writer was killed: whoever opens the store brings them into
 * its tables. */
static enum err_code take_in_what_was_left(const struct watch *watch, struct identity *now,
                                           struct err *err)
{
    enum err_code code = ERR_OK;
    struct store *store = NULL;
    struct store_log_state log;
    TRY(store_log_look(watch->settings.store_path, &log, err));
    if (log.has_owner || !store_log_is_ahead(&log, now->stamp.identity, now->stamp.generation))
        return ERR_OK;
    TRY(store_open(watch->settings.store_path, STORE_READ, &store, err));
    store_close(store);
    TRY(identify(watch->settings.store_path, now, err));
done:
    return code;
}

void watch_look(struct watch *watch)
{
    struct identity now;
    struct err err = {0};
    pthread_mutex_lock(&watch->mutex);
    bool is_ahead = watch->is_ahead;
    pthread_mutex_unlock(&watch->mutex);
    if (is_ahead)
        return;
    enum err_code code = identify(watch->settings.store_path, &now, &err);
    if (code == ERR_OK)
        code = take_in_what_was_left(watch, &now, &err);
    if (code == ERR_OK && is_same(&now, &watch->seen)) {
        watch->trouble.code = ERR_OK;
        return;
    }
    if (code == ERR_OK)
        code = publish(watch, &now, &err);
    /* A writer that holds the store is no trouble: the next look will see. */
    if (code == ERR_OK || code == ERR_BUSY) {
        watch->trouble.code = ERR_OK;
        return;
    }
    if (watch->trouble.code == code && strcmp(watch->trouble.message, err.message) == 0)
        return;
    watch->trouble = err;
    watch->trouble.code = code;
    log_line("store", "error=%s message=\"%s\" action=\"the last good world is served on\"",
             err_code_name(code), err.message);
}

static void *thread_main(void *argument)
{
    struct watch *watch = argument;
    pthread_mutex_lock(&watch->mutex);
    while (!watch->ending) {
        const struct timespec until = wait_until(LOOK_MS);
        (void)pthread_cond_timedwait(&watch->wake, &watch->mutex, &until);
        if (watch->ending)
            break;
        pthread_mutex_unlock(&watch->mutex);
        if (watch_hold(watch, HOLD_MS)) {
            watch_look(watch);
            look_at_styles(watch);
            watch_let(watch);
        }
        pthread_mutex_lock(&watch->mutex);
    }
    pthread_mutex_unlock(&watch->mutex);
    return NULL;
}

enum err_code watch_start(const struct watch_settings *settings, struct watch **out,
                          struct err *err)
{
    enum err_code code = ERR_OK;
    struct identity identity;
    *out = NULL;
    struct watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return err_nomem(err);
    watch->settings = *settings;
    watch->styles = style_set_acquire(settings->styles);
    arena_init(&watch->tokens_arena, 0);
    pthread_mutex_init(&watch->mutex, NULL);
    wait_cond_init(&watch->wake);
    wait_cond_init(&watch->let);
    TRY(load_tokens(watch, err)); /* after which no edit is on its way any more */
    TRY(identify(settings->store_path, &identity, err));
    TRY(publish(watch, &identity, err));
    int failure = pthread_create(&watch->thread, NULL, thread_main, watch);
    if (failure != 0) {
        code = err_errno(err, failure, "cannot start a thread");
        goto done;
    }
    watch->has_thread = true;
    *out = watch;
    watch = NULL;
done:
    watch_free(watch);
    return code;
}

struct scenes *watch_acquire(struct watch *watch, const char *style, struct cache_epoch *epoch)
{
    pthread_mutex_lock(&watch->mutex);
    int index = style_set_find(watch->styles, style);
    struct scenes *scenes = index < 0 ? NULL : scenes_acquire(watch->scenes[index]);
    *epoch = watch->epoch;
    pthread_mutex_unlock(&watch->mutex);
    return scenes;
}

struct style_set *watch_styles(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    struct style_set *styles = style_set_acquire(watch->styles);
    pthread_mutex_unlock(&watch->mutex);
    return styles;
}

bool watch_hold(struct watch *watch, int wait_ms)
{
    const struct timespec until = wait_until(wait_ms);
    int waited = 0;
    pthread_mutex_lock(&watch->mutex);
    while (watch->held && waited == 0)
        waited = pthread_cond_timedwait(&watch->let, &watch->mutex, &until);
    bool taken = !watch->held;
    watch->held = true;
    pthread_mutex_unlock(&watch->mutex);
    return taken;
}

void watch_let(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    watch->held = false;
    pthread_cond_signal(&watch->let);
    pthread_mutex_unlock(&watch->mutex);
}

enum err_code watch_publish(struct watch *watch, struct world *world, const struct scene_edit *edit,
                            bool settled, struct err *err)
{
    struct identity now = {.stamp = world->origin};
    struct stat status;
    now.stamp.generation = world->generation;
    /* Somebody may have written since the commit: then the next look sees another stamp. */
    if (stat(watch->settings.store_path, &status) == 0)
        now.written = status.st_mtim;
    enum err_code code = show(watch, world, &now, edit, settled, err);
    if (code != ERR_OK && settled) { /* a look will find it in the tables */
        pthread_mutex_lock(&watch->mutex);
        watch->is_ahead = false;
        pthread_mutex_unlock(&watch->mutex);
    }
    return code;
}

/* What is published is what the file holds by now: its time is another one, and so is the state
 * under which a disk finds the tiles again. */
void watch_settled(struct watch *watch, uint64_t generation, enum err_code code)
{
    struct disk_turn turn = {.same = true};
    struct stat status;
    pthread_mutex_lock(&watch->mutex);
    struct world *world = scenes_world(watch->scenes[0]);
    bool all = world->generation <= generation;
    if (code == ERR_OK && generation > watch->settled)
        watch->settled = generation;
    if (all && code == ERR_OK && stat(watch->settings.store_path, &status) == 0)
        watch->seen.written = status.st_mtim;
    if (all)
        watch->is_ahead = false;
    memcpy(turn.new, watch->epoch.versions, sizeof turn.new);
    turn.state = version_of(world, &watch->seen, watch->styles, WHOLE_STATE);
    pthread_mutex_unlock(&watch->mutex);
    if (all && code == ERR_OK)
        disk_turn(watch->settings.disk, &turn);
}

struct world *watch_world(struct watch *watch)
{
    pthread_mutex_lock(&watch->mutex);
    struct world *world = world_acquire(scenes_world(watch->scenes[0]));
    pthread_mutex_unlock(&watch->mutex);
    return world;
}

bool watch_has_token(struct watch *watch, enum token_scope scope)
{
    bool has = false;
    pthread_mutex_lock(&watch->mutex);
    for (size_t i = 0; i < watch->n_tokens; i++)
        has = has || watch->tokens[i].scope >= scope;
    pthread_mutex_unlock(&watch->mutex);
    return has;
}

enum token_scope watch_token(struct watch *watch, const char *text, char name[TOKEN_NAME_BYTES])
{
    pthread_mutex_lock(&watch->mutex);
    const struct token *token = store_token_match(watch->tokens, watch->n_tokens, text);
    enum token_scope scope = token ? token->scope : TOKEN_NONE;
    snprintf(name, TOKEN_NAME_BYTES, "%s", token ? token->name : "");
    pthread_mutex_unlock(&watch->mutex);
    return scope;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->has_thread) {
        pthread_mutex_lock(&watch->mutex);
        watch->ending = true;
        pthread_cond_signal(&watch->wake);
        pthread_mutex_unlock(&watch->mutex);
        pthread_join(watch->thread, NULL);
    }
    release_scenes(watch->scenes);
    style_set_release(watch->styles);
    carry_free(watch->carry);
    arena_release(&watch->tokens_arena);
    pthread_cond_destroy(&watch->wake);
    pthread_cond_destroy(&watch->let);
    pthread_mutex_destroy(&watch->mutex);
    free(watch);
}
