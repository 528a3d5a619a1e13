/* Counts the lines of a file; fails when there are none. */
#include <stdio.h>

int main(int argc, char **argv) {
  FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
  int lines = 0, character;
  if (!file) {
    fprintf(stderr, "there is no file\n");
    return 2;
  }
  while ((character = getc(file)) != EOF)
    lines += character == '\n';
  printf("%d lines\n", lines);
  return lines == 0;
}
