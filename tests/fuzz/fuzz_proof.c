/* fuzz_proof.c - a proof from anywhere: read, made into a world, worked out again. */
#include "geo/proof/proof.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct worker worker;
    struct proof_check check;
    struct err err;
    if (worker_init(&worker, 64 << 20, &err) != ERR_OK)
        return 0;
    if (proof_verify((const char *)data, size, NULL, &worker, &check, &err) == ERR_OK) {
        /* Nothing is said without a reason, and a proof that holds leaves none. */
        if ((check.verdict == PROOF_HOLDS) != (check.n_findings == 0))
            abort();
        for (size_t i = 0; i < check.n_findings; i++)
            if (!check.findings[i] || !check.findings[i][0])
                abort();
    }
    worker_release(&worker);
    return 0;
}
