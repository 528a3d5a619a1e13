/* Says what it was given: the smallest program that shows a guest at work. */
#include <stdio.h>

int main(int count, char **arguments)
{
    puts("Hello from a Windows program.");
    for (int i = 1; i < count; i++)
        printf("argument %d: %s\n", i, arguments[i]);
    return 0;
}
