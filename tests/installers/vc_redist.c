/* Stands in for VC_redist.x64.exe and VC_redist.x86.exe by "Command-line options
 * for the Redistributable packages" and "Redistributing Visual C++ files", which
 * documents the keys below VC\Runtimes. 1638 if a newer one is there already;
 * E_INVALIDARG for what it does not know. */
#include "stand_in.h"

#define MINOR 51

int wmain(int count, wchar_t **words)
{
    int installs = 0, quiet = 0, no_restart = 0;
    wchar_t key[200];
    stand_in_for = L"the Visual C++ Redistributable";
    for (int i = 1; i < count; i++) {
        if (is(words[i], L"/install"))
            installs = 1;
        else if (is(words[i], L"/quiet"))
            quiet = 1;
        else if (is(words[i], L"/norestart"))
            no_restart = 1;
        else if (is(words[i], L"/log") && i + 1 < count)
            write_text(L".", words[++i], L"Log of a stand-in.\n");
        else
            end((int)0x80070057, L"%ls is none of its options", words[i]);
    }
    if (!installs || !quiet || !no_restart)
        end(1602, L"it asks a person");

    _snwprintf(key, 200, L"SOFTWARE\\Microsoft\\VisualStudio\\14.0\\VC\\Runtimes\\%ls",
               started_as(L"VC_redist.x86.exe") ? L"X86" : L"X64");
    if (number_of(HKEY_LOCAL_MACHINE, key, L"Minor") > MINOR)
        end(1638, L"another version is installed already");
    set_number(HKEY_LOCAL_MACHINE, key, L"Installed", 1);
    set_number(HKEY_LOCAL_MACHINE, key, L"Major", 14);
    set_number(HKEY_LOCAL_MACHINE, key, L"Minor", MINOR);
    set_text(HKEY_LOCAL_MACHINE, key, L"Version", L"v14.51.36247.00");
    say(L"installed");
    return 0;
}
