/* A program under test, and the test: its status decides. */
#include <stdio.h>

int main(void) {
  puts("1 test passed");
  return 0;
}
