/* Stands in for an installer made by Inno Setup, by its help: "Setup Command
 * Line Parameters" and "Setup Exit Codes" (1: failed to initialize, 2: cancelled
 * before it began; a needed restart: the number of /RESTARTEXITCODE). */
#include "stand_in.h"

int wmain(int count, wchar_t **words)
{
    int silent = 0, no_boxes = 0, no_restart = 0, no_prompt = 0;
    const wchar_t *folder = L"C:\\Program Files\\Stand-in", *log = NULL, *tasks = L"", *value;
    stand_in_for = L"an installer of Inno Setup";
    for (int i = 1; i < count; i++) {
        if (_wcsicmp(words[i], L"/SP-") == 0)
            no_prompt = 1;
        else if (_wcsicmp(words[i], L"/VERYSILENT") == 0)
            silent = 1;
        else if (_wcsicmp(words[i], L"/SUPPRESSMSGBOXES") == 0)
            no_boxes = 1;
        else if (_wcsicmp(words[i], L"/NORESTART") == 0)
            no_restart = 1;
        else if ((value = after(words[i], L"/LOG=")))
            log = value;
        else if ((value = after(words[i], L"/DIR=")))
            folder = value;
        else if ((value = after(words[i], L"/TASKS=")))
            tasks = value;
        else if (!after(words[i], L"/RESTARTEXITCODE="))
            end(1, L"%ls is none of its parameters", words[i]);
    }
    if (log)
        write_text(L".", log, L"Log opened by a stand-in.\nA line that tells why.\n");
    if (!silent || !no_boxes || !no_restart || !no_prompt)
        end(2, L"it asks a person");
    if (is(tasks, L"fail"))
        end(4, L"a fatal error while installing, as /TASKS=fail asks");

    const wchar_t *key = L"SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\Stand-in_is1";
    install_itself(folder, L"unins000.exe");
    set_text(HKEY_LOCAL_MACHINE, key, L"DisplayName", L"Stand-in for an Inno Setup program");
    set_text(HKEY_LOCAL_MACHINE, key, L"InstallLocation", folder);
    set_text(HKEY_LOCAL_MACHINE, key, L"Inno Setup: Selected Tasks", tasks);
    say(L"installed to %ls", folder);
    return 0;
}
