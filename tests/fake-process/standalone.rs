//! `win-exec` and its siblings without an owner: by SSH to a port of this host, as on `localhost:2022`.

use std::process::{Command, Output};

use crate::{
    ssh_server::{Character, SshServer},
    stage::{Stage, is_running, until},
};

/// A stage with a guest on a port.
struct Guest {
    stage: Stage,
    server: SshServer,
}

fn guest(character: Character) -> Guest {
    let stage = Stage::new();
    let server = SshServer::start(&stage, character);
    Guest { stage, server }
}

impl Guest {
    fn variables(&self, command: &mut Command) {
        command.env("WFVM_SSH_PORT", self.server.port.to_string());
    }

    fn command(&self, name: &str) -> Command {
        let mut command = self.stage.command(name);
        self.variables(&mut command);
        command
    }

    /// Runs bash on the stage, with the programs on PATH.
    fn script(&self, script: &str) -> Output {
        let mut command = Command::new(crate::stage::program("bash"));
        let programs = self.stage.builder().parent().unwrap().display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        command.args(["-euo", "pipefail", "-c", script]).current_dir(self.stage.path(""));
        command.env("PATH", format!("{programs}:{path}")).env_remove("WFVM_SOCKET");
        self.variables(&mut command);
        command.output().unwrap()
    }

    fn succeeds(&self, script: &str) {
        let output = self.script(script);
        assert!(output.status.success(), "{:?}\n{}", output.status, error_of(&output));
    }

    fn read(&self, name: &str) -> String {
        fs_err::read_to_string(self.stage.path(name)).unwrap()
    }
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn exit_codes_are_whole_in_a_file_and_their_low_bits_are_the_status() {
    let guest = guest(Character::Plain);
    guest.succeeds(
        "for code in 0 7 259 3010 1024 3221225477; do
            status=0; win-exec --exit-code code exit $code 2> said || status=$?
            echo \"$(cat code) $status $(cat said)\"
        done > codes",
    );
    assert_eq!(
        guest.read("codes").lines().map(str::trim).collect::<Vec<_>>(),
        [
            "0 0",
            "7 7",
            "259 3 win-exec: exit code 259 (0x103)",
            "3010 194 win-exec: exit code 3010 (0xbc2)",
            "1024 1 win-exec: exit code 1024 (0x400)",
            "3221225477 5 win-exec: exit code 3221225477 (0xc0000005)",
        ]
    );
}

#[test]
fn a_command_that_did_not_end_leaves_no_exit_code_and_not_that_of_another() {
    let guest = guest(Character::Plain);
    guest.succeeds(
        "win-exec --exit-code code 'exit 0'
         status=0; win-exec --exit-code code no-code 2> err || status=$?
         [[ $status == 4 && ! -e code ]]
         status=0; win-exec --exit-code /no/such/place 'exit 0' 2> err || status=$?
         [[ $status == 2 ]]",
    );
    assert!(guest.read("err").contains("/no/such/place"), "{}", guest.read("err"));
}

#[test]
fn streams_stay_apart_byte_for_byte_and_input_ends() {
    let guest = guest(Character::Plain);
    guest.succeeds(
        "win-exec streams > out 2> err
         head -c 3000000 /dev/urandom > bytes
         win-exec --stdin cat < bytes | cmp - bytes
         printf '' | win-exec --stdin cat > nothing
         win-exec cat < bytes > no-input
         [[ $(win-exec flood 8 | wc -c) == 8388608 ]]
         # A command that ends without its input ends.
         mkfifo silent; exec 3<>silent; win-exec --stdin 'exit 0' <&3",
    );
    assert_eq!((guest.read("out"), guest.read("err")), ("to stdout\r\n".into(), "to stderr\r\n".into()));
    assert_eq!((guest.read("nothing"), guest.read("no-input")), (String::new(), String::new()));
}

#[test]
fn each_program_tells_its_own_name_and_takes_what_follows_two_hyphens() {
    let guest = guest(Character::Plain);
    for name in ["win-exec", "win-put", "win-get", "win-wait", "win-restart"] {
        let output = guest.command(name).arg("--help").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains(&format!("Usage: {name} ")) && !text.contains("nix-builder"), "{text}");
        assert!(text.contains("--timeout"), "{text}");
    }
    guest.succeeds(
        "win-exec -- echo --timeout 5 -- x > words
         : > -file; mkdir guest/dir; win-put -- -file dir; [[ -e guest/dir/-file ]]
         cd guest; rm dir/-file; win-get -- dir; [[ -d dir ]]",
    );
    assert_eq!(guest.read("words"), "--timeout 5 -- x");
}

#[test]
fn nobody_on_the_port_ends_at_once_as_ssh_does_and_says_what_to_do() {
    let stage = Stage::new();
    for words in [&["win-exec", "ver"][..], &["win-put", "image.qcow2"], &["win-get", "a"]] {
        let mut command = stage.command(words[0]);
        let output = command.args(&words[1..]).env("WFVM_SSH_PORT", "1").output().unwrap();
        let page = error_of(&output);
        assert_eq!(output.status.code(), Some(255), "{page}");
        assert!(page.contains("localhost:1:") && page.contains("refused"), "{page}");
        assert!(page.contains("hint: ") && page.contains("`win-wait`"), "{page}");
    }
}

#[test]
fn a_restart_is_left_to_whoever_owns_the_guest() {
    let output = Stage::new().command("win-restart").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(error_of(&output).contains("WFVM_SOCKET"), "{}", error_of(&output));
}

#[test]
fn a_refused_account_is_named_and_ends_as_sshpass_does() {
    let guest = guest(Character::RefusesPasswords);
    let output = guest.command("win-exec").arg("ver").output().unwrap();
    let page = error_of(&output);
    assert_eq!(output.status.code(), Some(5), "{page}");
    assert!(page.contains("account `wfvm`") && page.contains("WFVM_SSH_PASSWORD_FILE"), "{page}");
    assert!(!page.contains("1234"), "a password in a message: {page}");
}

#[test]
fn the_account_comes_from_the_environment_and_the_password_from_a_file() {
    let guest = guest(Character::Plain);
    let status = |variables: &[(&str, &str)]| {
        let output =
            guest.command("win-exec").arg("exit 0").envs(variables.iter().copied()).output().unwrap();
        (output.status.code().unwrap(), error_of(&output))
    };
    fs_err::write(guest.stage.path("password"), "1234\n").unwrap();
    fs_err::write(guest.stage.path("wrong"), "4321\n").unwrap();
    assert_eq!(status(&[("WFVM_SSH_PASSWORD_FILE", "password")]), (0, String::new()));
    assert_eq!(status(&[("WFVM_SSH_PASSWORD_FILE", "wrong")]).0, 5);
    assert_eq!(status(&[("WFVM_SSH_PASSWORD_FILE", "missing")]).0, 2);
    assert!(status(&[("SSHUSER", "stranger")]).1.contains("`stranger`"));
    assert!(status(&[("WFVM_SSH_USER", "other"), ("SSHUSER", "stranger")]).1.contains("`other`"));
    assert_eq!(status(&[("SSHUSER", "wfvm")]).0, 0);
    assert_eq!(status(&[("WFVM_SSH_PORT", "ssh")]).0, 2);
}

#[test]
fn a_slow_logon_is_waited_for() {
    let guest = guest(Character::Slow);
    guest.succeeds("win-wait --timeout 60; win-exec 'exit 0'");
}

#[test]
fn a_port_where_nobody_speaks_ends_at_the_timeout_of_each_program() {
    let stage = Stage::new();
    let mute = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = mute.local_addr().unwrap().port().to_string();
    for words in [&["win-exec", "ver"][..], &["win-put", "image.qcow2"], &["win-get", "a"], &["win-wait"]] {
        let mut command = stage.command(words[0]);
        let output =
            command.args(["--timeout", "1"]).args(&words[1..]).env("WFVM_SSH_PORT", &port).output().unwrap();
        let page = error_of(&output);
        assert_eq!(output.status.code(), Some(5), "{page}");
        assert!(page.contains("within 1 s"), "{page}");
    }
}

#[test]
fn win_wait_tells_what_it_sees_once_and_ends_at_its_deadline_with_it() {
    let stage = Stage::new();
    let output =
        stage.command("win-wait").env("WFVM_SSH_PORT", "1").env("WFVM_WAIT_SECONDS", "2").output().unwrap();
    let page = error_of(&output);
    assert_eq!(output.status.code(), Some(5), "{page}");
    assert_eq!(page.matches("win-wait: localhost:1:").count(), 1, "{page}");
    let last = page.lines().last().unwrap();
    assert!(last.starts_with("error: no guest took commands on localhost:1 within 2 s"), "{page}");
    assert!(last.contains("refused"), "{page}");
    let refused = guest(Character::RefusesPasswords);
    let output = refused.command("win-wait").args(["--timeout", "1"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "an account may be made later");
    assert!(error_of(&output).contains("refuses the account"), "{}", error_of(&output));
}

#[test]
fn win_wait_ends_as_soon_as_a_guest_comes() {
    let stage = Stage::new();
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let mut waiting = stage.command("win-wait").env("WFVM_SSH_PORT", free.to_string()).spawn().unwrap();
    assert!(is_running(waiting.id()));
    let _server = SshServer::start_at(&stage, Character::Plain, free);
    until(|| !is_running(waiting.id()), || "win-wait goes on".into());
    assert!(waiting.wait().unwrap().success());
}

#[test]
fn win_put_speaks_wfvms_words() {
    let guest = guest(Character::Plain);
    guest.succeeds(
        "mkdir -p 'guest/C:/dir' guest/dir store
         echo content > store/h4sh-file; ln -s store/h4sh-file 'my link.msi'
         [[ $(win-put 'my link.msi') == 'win-put my link.msi -> .' ]]
         [[ $(win-put 'my link.msi' dir) == 'win-put my link.msi -> dir' ]]
         win-put 'my link.msi' /C:/dir
         win-put 'my link.msi' 'C:\\dir' --as other.msi
         cmp 'guest/my link.msi' store/h4sh-file; cmp 'guest/dir/my link.msi' store/h4sh-file
         [[ ! -L 'guest/my link.msi' ]]
         cmp 'guest/C:/dir/my link.msi' store/h4sh-file; cmp guest/C:/dir/other.msi store/h4sh-file",
    );
}

#[test]
fn win_put_expands_a_pattern_and_puts_all_of_it() {
    let guest = guest(Character::Plain);
    guest.succeeds(
        "mkdir -p pkg/noarch guest/one guest/two guest/three guest/four
         for name in a b c; do echo $name > pkg/noarch/$name.tar.bz2; done
         echo txt > pkg/noarch/a.txt
         win-put 'pkg/noarch/*.tar.bz2' one > told
         [[ $(ls guest/one | tr '\\n' ' ') == 'a.tar.bz2 b.tar.bz2 c.tar.bz2 ' ]]
         # The shell expanded it: the last word is where to.
         win-put pkg/noarch/*.tar.bz2 two
         diff -r guest/one guest/two
         # A literal name wins.
         echo literal > 'pkg/[ab].x'; echo other > pkg/a.x
         win-put 'pkg/[ab].x' three
         [[ $(ls guest/three) == '[ab].x' ]]
         win-put pkg/noarch/. four
         diff -r pkg/noarch guest/four",
    );
    assert_eq!(guest.read("told").lines().next(), Some("win-put pkg/noarch/a.tar.bz2 -> one"));
}

#[test]
fn what_cannot_be_put_fails_by_name_before_anything_is_put() {
    let guest = guest(Character::Plain);
    let refusals = [
        ("win-put missing", "missing"),
        ("win-put '*.nothing'", "*.nothing`: No such file"),
        ("ln -s nowhere dangling; win-put dangling", "dangling"),
        (
            "mkdir t1; : > t1/a; : > t1/aux.c; win-put t1",
            "aux.c: Windows takes no file of this name: it is that of",
        ),
        ("mkdir t2; : > t2/a; : > 't2/b:c'; win-put t2", "':'"),
        ("mkdir t3; : > t3/Makefile; : > t3/makefile; win-put t3", "one file to Windows"),
        ("mkdir t4; : > t4/a; ln -s . t4/loop; win-put t4", "a directory around it"),
        ("mkdir t5; : > t5/a; mkfifo t5/pipe; win-put t5", "neither a file nor a directory"),
        ("mkdir t6; : > t6/a; : > t6/$'\\xff'; win-put t6", "not UTF-8"),
        ("win-put image.qcow2 --as 'a?b'", "'?'"),
        ("win-put image.qcow2 ovmf-code.fd . --as x", "`--as x` is a name for one file"),
    ];
    for (script, words) in refusals {
        let output = guest.script(script);
        let page = error_of(&output);
        assert_eq!(output.status.code(), Some(2), "{script}: {page}");
        assert!(page.contains(words), "{script}: {page}");
    }
    assert_eq!(fs_err::read_dir(guest.stage.path("guest")).unwrap().count(), 0, "something was put");
    let output = guest.script("win-put image.qcow2 nowhere");
    assert_eq!(
        (output.status.code(), error_of(&output)),
        (Some(4), "error: nowhere in the guest: No such file\n".into())
    );
}

#[test]
fn win_get_speaks_wfvms_words_and_better_ones() {
    let guest = guest(Character::Plain);
    guest.succeeds(
        "mkdir -p guest/C:/layout/below guest/home
         echo content > guest/C:/layout/below/file; echo a > guest/home/a.log; echo b > guest/home/b.log
         win-get /C:/layout; diff -r layout guest/C:/layout
         win-get 'C:\\layout\\below\\file'; cmp file guest/C:/layout/below/file
         win-get C:/layout/ --as renamed; diff -r renamed guest/C:/layout
         mkdir into; win-get home/a.log into --as x; cmp into/x guest/home/a.log
         mkdir logs; win-get 'home/*.log' logs; diff -r logs guest/home
         status=0; win-get missing 2> err || status=$?; [[ $status == 4 ]]
         status=0; win-get 'home/*.txt' 2> err2 || status=$?; [[ $status == 4 ]]
         status=0; win-get .. 2> err3 || status=$?; [[ $status == 2 ]]",
    );
    assert_eq!(guest.read("err"), "error: missing in the guest: No such file\n");
    assert!(guest.read("err2").contains("home/*.txt in the guest: no file of this name or pattern"));
}

#[test]
fn a_name_with_which_a_guest_would_leave_the_directory_is_refused() {
    let guest = guest(Character::Plain);
    guest.succeeds(
        "mkdir -p guest/hostile-names here
         status=0; (cd here; win-get hostile-names) 2> err || status=$?; [[ $status == 4 ]]
         [[ ! -e escaped && ! -e here/escaped ]]",
    );
    assert!(guest.read("err").contains(r#"the impossible name "../escaped""#), "{}", guest.read("err"));
}

#[test]
fn a_junction_to_a_directory_around_it_is_left_out() {
    let guest = guest(Character::Plain);
    guest.succeeds(
        "mkdir -p guest/profile/data; echo x > guest/profile/data/file
         ln -s .. guest/profile/data/junction; ln -s file guest/profile/data/link
         win-get profile
         [[ ! -e profile/data/junction && ! -L profile/data/link ]]
         cmp profile/data/link guest/profile/data/file",
    );
}
