/* Stands in for MSYS2's installer, a program of the Qt Installer Framework, by
 * the README of msys2/msys2-installer and the framework's "Command Line
 * Interface": without --confirm-command and --accept-messages it asks on the
 * console. It ends with 1 for a failure and 3 if it was cancelled.
 *
 * What it installs is itself: as usr\bin\bash.exe it knows `pacman -U`. */
#include "stand_in.h"

/* As pacman's database: a folder for each package. */
static void add_package(const wchar_t *name)
{
    static const wchar_t ending[] = L".pkg.tar.zst";
    wchar_t folder[MAX_PATH];
    size_t length = wcslen(name);
    if (length <= wcslen(ending) || !is(name + length - wcslen(ending), ending))
        end(1, L"pacman: %ls: missing package metadata", name);
    _snwprintf(folder, MAX_PATH, L"C:\\msys64\\var\\lib\\pacman\\local\\%.*ls", (int)(length - wcslen(ending)), name);
    write_text(folder, L"desc", name);
    say(L"pacman installed %ls", name);
}

static int bash(int count, wchar_t **words)
{
    WIN32_FIND_DATAW found;
    wchar_t pattern[MAX_PATH];
    const wchar_t *path;
    stand_in_for = L"MSYS2's bash";
    if (count != 3 || !is(words[1], L"-lc") || !(path = after(words[2], L"pacman -U --noconfirm /c/")))
        end(127, L"what is asked of it is not known");
    _snwprintf(pattern, MAX_PATH, L"C:\\%ls", path);
    for (wchar_t *slash = pattern; *slash; slash++)
        if (*slash == L'/')
            *slash = L'\\';
    HANDLE search = FindFirstFileW(pattern, &found);
    if (search == INVALID_HANDLE_VALUE)
        end(1, L"pacman: '%ls': could not find or read package", path);
    do {
        if (!(found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY))
            add_package(found.cFileName);
    } while (FindNextFileW(search, &found));
    return 0;
}

int wmain(int count, wchar_t **words)
{
    stand_in_for = L"MSYS2's installer";
    if (started_as(L"bash.exe"))
        return bash(count, words);

    int confirmed = 0, accepted = 0;
    wchar_t folder[MAX_PATH] = L"";
    if (count < 2 || !(is(words[1], L"in") || is(words[1], L"install")))
        end(1, L"without a command it opens a window");
    for (int i = 2; i < count; i++) {
        if (is(words[i], L"--confirm-command") || is(words[i], L"-c"))
            confirmed = 1;
        else if (is(words[i], L"--accept-messages") || is(words[i], L"--am"))
            accepted = 1;
        else if ((is(words[i], L"--root") || is(words[i], L"-t")) && i + 1 < count)
            wcscpy(folder, words[++i]);
        else
            end(1, L"Unknown option '%ls'", words[i]);
    }
    if (!confirmed || !accepted)
        end(3, L"it asks a person");
    if (!folder[0])
        end(1, L"no --root");

    wchar_t bin[MAX_PATH];
    path_in(bin, folder, L"usr\\bin");
    install_itself(bin, L"bash.exe");
    install_itself(folder, L"uninstall.exe");
    say(L"installed");
    return 0;
}
