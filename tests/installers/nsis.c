/* Stands in for Anaconda's installer, an NSIS program, by "Installing in silent
 * mode" of its documentation: arguments are case-sensitive; /D is the last one,
 * without quotation marks, and takes the rest of the line. NSIS ends with 1 if a
 * person cancelled and with 2 if its script did.
 *
 * What it installs is itself: as Scripts\conda.exe it installs from the channel
 * of a folder. */
#include "stand_in.h"

static const wchar_t *home(void)
{
    const wchar_t *path = _wgetenv(L"USERPROFILE");
    return path ? path : L"C:";
}

/* The whole of repodata.json of one subdirectory of a channel. */
static char *repodata(const wchar_t *channel, const wchar_t *subdir)
{
    wchar_t path[MAX_PATH];
    _snwprintf(path, MAX_PATH, L"%ls\\%ls\\repodata.json", channel, subdir);
    FILE *file = _wfopen(path, L"rb");
    if (!file)
        end(1, L"UnavailableInvalidChannel: %ls", path);
    char *text = calloc(1, 1 << 20);
    fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* Copies the package that a channel lists under that name; true if it does. */
static int take(const wchar_t *channel, const wchar_t *subdir, const wchar_t *spec, const wchar_t *prefix)
{
    char key[300];
    wchar_t from[MAX_PATH], folder[MAX_PATH], to[MAX_PATH], name[MAX_PATH];
    snprintf(key, sizeof key, "\"%ls-", spec);
    char *text = repodata(channel, subdir), *found = strstr(text, key), *stop;
    if (!found || !(stop = strchr(found + 1, '"')))
        return 0;
    *stop = 0;
    _snwprintf(name, MAX_PATH, L"%hs", found + 1);
    _snwprintf(from, MAX_PATH, L"%ls\\%ls\\%ls", channel, subdir, name);
    _snwprintf(folder, MAX_PATH, L"%ls\\conda-meta", prefix);
    make_folders(folder);
    path_in(to, folder, name);
    if (!CopyFileW(from, to, FALSE))
        end(1, L"%ls is listed and not there", from);
    say(L"installed %ls", name);
    return 1;
}

static int conda(int count, wchar_t **words)
{
    wchar_t prefix[MAX_PATH], channel[MAX_PATH] = L"";
    stand_in_for = L"conda";
    GetModuleFileNameW(NULL, prefix, MAX_PATH);
    *wcsrchr(prefix, L'\\') = 0;
    *wcsrchr(prefix, L'\\') = 0;

    if (count == 5 && is(words[1], L"config") && is(words[2], L"--add") && is(words[3], L"channels")) {
        wchar_t text[MAX_PATH];
        _snwprintf(text, MAX_PATH, L"channels:\n  - %ls\n", words[4]);
        write_text(home(), L".condarc", text);
        return 0;
    }
    if (count < 2 || !(is(words[1], L"install") || is(words[1], L"create")))
        end(2, L"what is asked of it is not known");
    int offline = 0, yes = 0, only = 0, named = 0, installed = 0;
    for (int i = 2; i < count; i++) {
        const wchar_t *path;
        if (is(words[i], L"--yes"))
            yes = 1;
        else if (is(words[i], L"--offline"))
            offline = 1;
        else if (is(words[i], L"--override-channels"))
            only = 1;
        else if (is(words[i], L"--name") && i + 1 < count) {
            wcscat(prefix, L"\\envs\\");
            wcscat(prefix, words[++i]);
            named = 1;
        } else if (is(words[i], L"--channel") && i + 1 < count && (path = after(words[++i], L"file:///")))
            wcscpy(channel, path);
        else if (words[i][0] == L'-')
            end(2, L"unrecognized arguments: %ls", words[i]);
        else if (!take(channel, L"noarch", words[i], prefix) && !take(channel, L"win-64", words[i], prefix))
            end(1, L"PackagesNotFoundError: %ls", words[i]);
        else
            installed++;
    }
    if (!yes || !offline || !only || !installed || named != is(words[1], L"create"))
        end(1, L"it would ask a person, or somebody else's channel");
    return 0;
}

int wmain(int count, wchar_t **words)
{
    stand_in_for = L"Anaconda's installer";
    if (started_as(L"conda.exe"))
        return conda(count, words);
    if (started_as(L"python.exe")) {
        puts("Python 0.0.0 (stand-in)");
        return 0;
    }

    int silent = 0;
    wchar_t folder[MAX_PATH];
    const wchar_t *rest = wcsstr(GetCommandLineW(), L" /D=");
    for (int i = 1; i < count; i++) {
        const wchar_t *value;
        if (after(words[i], L"/D="))
            break;
        else if (is(words[i], L"/S"))
            silent = 1;
        else if ((value = after(words[i], L"/InstallationType=")) && (is(value, L"JustMe") || is(value, L"AllUsers")))
            continue;
        else if (((value = after(words[i], L"/AddToPath=")) || (value = after(words[i], L"/RegisterPython="))) &&
                 (is(value, L"0") || is(value, L"1")))
            continue;
        else
            end(2, L"%ls is none of its arguments", words[i]);
    }
    if (!silent)
        end(1, L"without /S it asks a person");
    if (!rest || wcschr(rest, L'"'))
        end(2, L"/D= has to be the last argument, without quotation marks");
    wcscpy(folder, rest + 4);

    install_itself(folder, L"python.exe");
    wcscat(folder, L"\\Scripts");
    install_itself(folder, L"conda.exe");
    say(L"installed");
    return 0;
}
