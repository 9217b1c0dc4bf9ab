#include "tiler/command/cli.h"

int main(int n_words, char **words)
{
    return cli_main(n_words - 1, words + 1);
}
