/* replay.c - main of a fuzz target built without libFuzzer: runs it over the files named. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LONGEST = 1 << 20 };

int main(int argc, char **argv)
{
    uint8_t *data = malloc(LONGEST);
    if (!data)
        return 1;
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file) {
            perror(argv[i]);
            free(data);
            return 1;
        }
        size_t n = fread(data, 1, LONGEST, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, n);
    }
    free(data);
    return 0;
}
