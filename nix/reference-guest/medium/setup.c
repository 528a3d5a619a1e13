/* setup.exe of the medium. Windows can start an upgrade from it. */
#include <stdio.h>

int main(void)
{
    fputs("setup.exe: this medium installs a machine that is started from it.\n", stderr);
    return 50; /* ERROR_NOT_SUPPORTED */
}
