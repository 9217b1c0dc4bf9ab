/*
 * test_style_colours.c - how far apart the grades of the shipped styles are to the eye, to eyes
 * that lack a kind of cone, and in grey; and whether names stand out.
 *
 * A grade is the 8 x 8 pixels that repeat in an area of it: ground, colour and pattern. Two grades
 * are as far apart as these pixels are at the best, however they are shifted against each other:
 * the root of the mean square of CIE 1976 differences. About 2 can just be noticed side by side.
 *
 * Sources: Machado, Oliveira, Fernandes, "A physiologically-based model for simulation of color
 * vision deficiency", IEEE TVCG 2009, severity 1.0; CIE 15; WCAG 2.1, contrast ratio.
 */
#include "styles/style_set.h"
#include "tiler/tiles/look.h"
#include "tiler/draw/sprite.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { N_GRADES = 4, N_PX = PATTERN_PX * PATTERN_PX };

struct light {
    double r, g, b; /* linear, 0..1 */
};

struct lab {
    double l, a, b;
};

enum sight { NORMAL, PROTANOPIA, DEUTERANOPIA, TRITANOPIA, ACHROMATOPSIA, N_SIGHTS };

/* A city of a grade that is sure. */
static struct value city(const void *feature, const char *property)
{
    const int *grade = feature;
    if (strcmp(property, "grade") == 0 || strcmp(property, "could_be") == 0)
        return value_number(*grade);
    if (strcmp(property, "level") == 0)
        return value_number(2);
    if (strcmp(property, "worse") == 0)
        return value_bool(false);
    return strcmp(property, "name") == 0 ? value_string("银川市") : value_null();
}

static double linear(double channel)
{
    channel /= 255;
    return channel <= 0.04045 ? channel / 12.92 : pow((channel + 0.055) / 1.055, 2.4);
}

static void lay(struct colour *below, const struct colour *over, double alpha)
{
    below->r += (over->r - below->r) * alpha;
    below->g += (over->g - below->g) * alpha;
    below->b += (over->b - below->b) * alpha;
}

/* The pixels of an area of a city with this grade on the map of the region, over white. */
static void draw_grade(const struct style *style, int grade, struct colour out[N_PX])
{
    struct arena arena;
    arena_init(&arena, 0);
    for (int i = 0; i < N_PX; i++)
        out[i] = (struct colour){255, 255, 255, 1};
    for (size_t i = 0; i < style_layer_count(style); i++) {
        const struct style_layer *layer = style_layer(style, i);
        const struct eval eval = {.zoom = 6, .feature = &grade, .get = city, .arena = &arena};
        uint8_t coverage[N_PX];
        struct paint paint;
        bool is_area = layer->type == LAYER_BACKGROUND ||
                       (layer->type == LAYER_FILL && layer->source == SOURCE_UNITS);
        if (!is_area || !style_layer_shows(layer, MAP_REGION, 6) || !style_filter(layer, &eval))
            continue;
        paint_evaluate(layer, &eval, &paint);
        memset(coverage, 255, sizeof coverage);
        if (paint.pattern.kind != PATTERN_NONE)
            sprite_pattern(paint.pattern.kind, 1, coverage);
        const struct colour *ink =
            paint.pattern.kind != PATTERN_NONE ? &paint.pattern.colour : &paint.colour;
        for (int k = 0; k < N_PX; k++)
            lay(&out[k], ink, ink->a * paint.opacity * coverage[k] / 255);
    }
    arena_release(&arena);
}

static double luminance(const struct colour *c)
{
    return 0.2126 * linear(c->r) + 0.7152 * linear(c->g) + 0.0722 * linear(c->b);
}

static struct light seen_by(enum sight sight, const struct colour *c)
{
    static const double matrices[][9] = {
        [NORMAL] = {1, 0, 0, 0, 1, 0, 0, 0, 1},
        [PROTANOPIA] = {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882,
                        -0.048116, 1.051998},
        [DEUTERANOPIA] = {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820,
                          0.042940, 0.968881},
        [TRITANOPIA] = {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733,
                        0.691367, 0.303900},
        [ACHROMATOPSIA] = {0.2126, 0.7152, 0.0722, 0.2126, 0.7152, 0.0722, 0.2126, 0.7152, 0.0722}};
    const double *m = matrices[sight];
    double r = linear(c->r), g = linear(c->g), b = linear(c->b);
    struct light out = {m[0] * r + m[1] * g + m[2] * b, m[3] * r + m[4] * g + m[5] * b,
                        m[6] * r + m[7] * g + m[8] * b};
    out.r = fmax(0, fmin(1, out.r));
    out.g = fmax(0, fmin(1, out.g));
    out.b = fmax(0, fmin(1, out.b));
    return out;
}

static double cube_root(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* Of the white D65. */
static struct lab lab_of(struct light c)
{
    double x = cube_root((0.4124 * c.r + 0.3576 * c.g + 0.1805 * c.b) / 0.95047);
    double y = cube_root(0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b);
    double z = cube_root((0.0193 * c.r + 0.1192 * c.g + 0.9505 * c.b) / 1.08883);
    return (struct lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

/* How far two areas are apart, however one is shifted against the other. */
static double distance(const struct lab a[N_PX], const struct lab b[N_PX])
{
    double least = INFINITY;
    for (int shift = 0; shift < N_PX; shift++) {
        double sum = 0;
        for (int i = 0; i < N_PX; i++) {
            int x = (i + shift) % PATTERN_PX,
                y = (i / PATTERN_PX + shift / PATTERN_PX) % PATTERN_PX;
            const struct lab *p = &a[i], *q = &b[y * PATTERN_PX + x];
            sum += (p->l - q->l) * (p->l - q->l) + (p->a - q->a) * (p->a - q->a) +
                   (p->b - q->b) * (p->b - q->b);
        }
        least = fmin(least, sqrt(sum / N_PX));
    }
    return least;
}

/* Of the two grades that are nearest to each other. */
static double least_distance(const struct style *style, enum sight sight)
{
    struct lab labs[N_GRADES][N_PX];
    double least = INFINITY;
    for (int grade = 0; grade < N_GRADES; grade++) {
        struct colour pixels[N_PX];
        draw_grade(style, grade + 1, pixels);
        for (int i = 0; i < N_PX; i++)
            labs[grade][i] = lab_of(seen_by(sight, &pixels[i]));
    }
    for (int a = 0; a < N_GRADES; a++)
        for (int b = a + 1; b < N_GRADES; b++)
            least = fmin(least, distance(labs[a], labs[b]));
    return least;
}

static const struct style *shipped(const struct style_set *set, const char *name)
{
    int found = style_set_find(set, name);
    assert_true(found >= 0);
    return style_set_at(set, (size_t)found);
}

static struct style_set *all_styles(void)
{
    struct style_set *set;
    struct err err;
    if (style_set_load(NULL, &set, &err) != ERR_OK)
        fail_msg("%s", err.message);
    return set;
}

static void test_grades_are_told_apart_by_every_eye_they_are_made_for(void **state)
{
    static const struct {
        const char *style;
        double least[N_SIGHTS]; /* 0: not made for */
    } cases[] = {
        {"four-colour", {30, 0, 0, 0, 0}},
        {"accessible", {30, 25, 25, 25, 20}},
        {"dark", {30, 0, 0, 0, 0}},
        {"print", {25, 18, 18, 20, 15}},
    };
    (void)state;
    struct style_set *set = all_styles();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct style *style = shipped(set, cases[i].style);
        for (int sight = NORMAL; sight < N_SIGHTS; sight++) {
            double least = least_distance(style, (enum sight)sight);
            print_message("%s, sight %d: %.1f\n", cases[i].style, sight, least);
            if (least < cases[i].least[sight])
                fail_msg("%s, sight %d: the nearest two grades are %.1f apart, not %.0f",
                         cases[i].style, sight, least, cases[i].least[sight]);
        }
    }
    style_set_release(set);
}

static void test_lightness_alone_orders_the_grades_of_accessible(void **state)
{
    (void)state;
    struct style_set *set = all_styles();
    const struct style *style = shipped(set, "accessible");
    double lightness[N_GRADES];
    for (int grade = 0; grade < N_GRADES; grade++) {
        struct colour pixels[N_PX];
        double sum = 0;
        draw_grade(style, grade + 1, pixels);
        for (int i = 0; i < N_PX; i++)
            sum += lab_of(seen_by(NORMAL, &pixels[i])).l / N_PX;
        lightness[grade] = sum;
    }
    assert_true(lightness[0] + 8 < lightness[1] &&
                lightness[1] + 8 < lightness[2]); /* red, orange, yellow */
    style_set_release(set);
}

/* WCAG 2.1: 7 is asked for at the highest level. */
static void test_names_stand_out_from_their_halos(void **state)
{
    (void)state;
    struct style_set *set = all_styles();
    for (size_t s = 0; s < style_set_count(set); s++) {
        const struct style *style = style_set_at(set, s);
        bool dark = strcmp(style_name(style), "dark") == 0;
        for (size_t i = 0; i < style_layer_count(style); i++) {
            const struct style_layer *layer = style_layer(style, i);
            struct arena arena;
            int grade = 4;
            arena_init(&arena, 0);
            const struct eval eval = {.zoom = 10, .feature = &grade, .get = city, .arena = &arena};
            if (layer->properties[PROP_TEXT_FIELD]) {
                struct colour text = style_colour(layer, PROP_TEXT_COLOR, &eval);
                struct colour halo = style_colour(layer, PROP_TEXT_HALO_COLOR, &eval);
                struct colour ground =
                    dark ? (struct colour){0, 0, 0, 1} : (struct colour){255, 255, 255, 1};
                lay(&ground, &halo, halo.a);
                double a = luminance(&text) + 0.05, b = luminance(&ground) + 0.05;
                double contrast = a > b ? a / b : b / a;
                if (contrast < 7)
                    fail_msg("%s, %s: contrast %.1f", style_name(style), layer->id, contrast);
            }
            arena_release(&arena);
        }
    }
    style_set_release(set);
}

/* The ground of dark is dark, and each grade stands out from it: WCAG asks 3 of what is no text. */
static void test_grades_of_dark_stand_out_from_the_land(void **state)
{
    (void)state;
    struct style_set *set = all_styles();
    const struct style *style = shipped(set, "dark");
    struct arena arena;
    arena_init(&arena, 0);
    const struct eval eval = {.zoom = 6, .arena = &arena};
    struct colour land = style_colour(style_layer(style, 1), PROP_FILL_COLOR, &eval);
    assert_string_equal(style_layer(style, 1)->id, "land");
    assert_true(luminance(&land) < 0.03);
    for (int grade = 1; grade <= 3; grade++) {
        struct colour pixels[N_PX];
        draw_grade(style, grade, pixels);
        double contrast = (luminance(&pixels[0]) + 0.05) / (luminance(&land) + 0.05);
        if (contrast < 3)
            fail_msg("grade %d: contrast %.1f", grade, contrast);
    }
    arena_release(&arena);
    style_set_release(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grades_are_told_apart_by_every_eye_they_are_made_for),
        cmocka_unit_test(test_lightness_alone_orders_the_grades_of_accessible),
        cmocka_unit_test(test_names_stand_out_from_their_halos),
        cmocka_unit_test(test_grades_of_dark_stand_out_from_the_land),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
