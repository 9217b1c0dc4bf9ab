#include "geo/measure/space_tree.h"

#include <float.h>
#include <math.h>

static float least_of(float a, float b)
{
    return a < b ? a : b;
}

static float most_of(float a, float b)
{
    return a > b ? a : b;
}

struct space_box space_box_empty(void)
{
    return (struct space_box){{INFINITY, INFINITY, INFINITY}, {-INFINITY, -INFINITY, -INFINITY}};
}

/* To single precision rounds by 2^-24 of the number at most. */
static const double FLOAT_ROUNDING = 6.1e-8;

static float float_below(double x)
{
    return (float)(x - fabs(x) * FLOAT_ROUNDING);
}

static float float_above(double x)
{
    return (float)(x + fabs(x) * FLOAT_ROUNDING);
}

struct space_box space_box_of(struct ecef low, struct ecef high)
{
    return (struct space_box){{float_below(low.x), float_below(low.y), float_below(low.z)},
                              {float_above(high.x), float_above(high.y), float_above(high.z)}};
}

void space_box_hold(struct space_box *box, const struct space_box *other)
{
    for (int axis = 0; axis < 3; axis++) {
        box->low[axis] = least_of(box->low[axis], other->low[axis]);
        box->high[axis] = most_of(box->high[axis], other->high[axis]);
    }
}

static struct space_box lane_box(const struct space_node *node, uint32_t lane)
{
    struct space_box box;
    for (int axis = 0; axis < 3; axis++) {
        box.low[axis] = node->low[axis][lane];
        box.high[axis] = node->high[axis][lane];
    }
    return box;
}

static struct space_box node_box(const struct space_node *node)
{
    struct space_box box = lane_box(node, 0);
    for (uint32_t lane = 1; lane < SPACE_FANOUT; lane++) {
        struct space_box other = lane_box(node, lane);
        space_box_hold(&box, &other);
    }
    return box;
}

static void set_lane(struct space_node *node, uint32_t lane, struct space_box box)
{
    for (int axis = 0; axis < 3; axis++) {
        node->low[axis][lane] = box.low[axis];
        node->high[axis][lane] = box.high[axis];
    }
}

/* One level from the boxes (below NULL) or from the level below. */
static void fill_level(struct space_node *nodes, uint32_t n_nodes, const struct space_box *boxes,
                       const struct space_node *below, uint32_t n_below)
{
    for (uint32_t k = 0; k < n_nodes; k++)
        for (uint32_t lane = 0; lane < SPACE_FANOUT; lane++) {
            uint32_t i = k * SPACE_FANOUT + lane;
            set_lane(&nodes[k], lane,
                     i >= n_below ? space_box_empty()
                     : below      ? node_box(&below[i])
                                  : boxes[i]);
        }
}

enum err_code space_tree_build(const struct space_box *boxes, uint32_t n, struct arena *arena,
                               struct space_tree *out, struct err *err)
{
    *out = (struct space_tree){.n_items = n, .box = space_box_empty()};
    if (n <= 1) {
        if (n == 1)
            out->box = boxes[0];
        return ERR_OK;
    }
    const struct space_node *below = NULL;
    uint32_t n_below = n;
    do {
        uint32_t n_nodes = (n_below - 1) / SPACE_FANOUT + 1;
        struct space_node *nodes = arena_new(arena, struct space_node, n_nodes);
        if (!nodes)
            return err_nomem(err);
        fill_level(nodes, n_nodes, boxes, below, n_below);
        out->levels[out->n_levels++] = nodes;
        below = nodes;
        n_below = n_nodes;
    } while (n_below > 1);
    out->box = node_box(below);
    return ERR_OK;
}

struct space_branch space_tree_root(const struct space_tree *tree)
{
    return (struct space_branch){tree->n_levels, 0};
}

struct space_box space_branch_box(const struct space_tree *tree, struct space_branch branch)
{
    if (branch.level == tree->n_levels)
        return tree->box;
    return lane_box(&tree->levels[branch.level][branch.index / SPACE_FANOUT],
                    branch.index % SPACE_FANOUT);
}

float space_gap2(const struct space_box *a, const struct space_box *b)
{
    float gap2 = 0;
    for (int axis = 0; axis < 3; axis++) {
        float gap = most_of(a->low[axis] - b->high[axis], b->low[axis] - a->high[axis]);
        gap = most_of(gap, 0);
        gap2 += gap * gap;
    }
    return gap2;
}

void space_gaps2(const struct space_node *node, const struct space_box *box,
                 float out[SPACE_FANOUT])
{
    float4 none = {0, 0, 0, 0};
    for (int i = 0; i < SPACE_FANOUT; i += 4) {
        float4 sum = none;
        for (int axis = 0; axis < 3; axis++) {
            float4 above = *(const float4 *)&node->low[axis][i] - box->high[axis];
            float4 below = box->low[axis] - *(const float4 *)&node->high[axis][i];
            float4 gap = most4(none, most4(above, below));
            sum += gap * gap;
        }
        *(float4 *)&out[i] = sum;
    }
}

float space_within2(double within_m)
{
    /* Differences, squares and sums round by 6e-8 each, one after another. */
    double within2 = within_m * within_m * (1 + 1e-6);
    return within2 < (double)FLT_MAX ? (float)within2 : FLT_MAX; /* so that empty boxes are out */
}
