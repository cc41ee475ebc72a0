#!/usr/bin/env bash
# The whole mission from the command line: several people, every command, every kind of refusal.
#
#   tests/mission.sh CONVENE [OPTION…]      e.g.  tests/mission.sh target/release/convene --in-process
#
# Runs CONVENE with OPTIONs before every command and prints a transcript: each command, its exit code, its JSON document (or the
# JSON error), with ids numbered in the order of their appearance and moments of creation blanked. The transcript is compared with
# tests/mission.expected by .ci/run, once against five processes and once in one process. Needs jq.
set -uo pipefail

convene=$1
shift
options=("$@")
XDG_STATE_HOME=$(mktemp -d)
export XDG_STATE_HOME TZ=Europe/Berlin
errors=$(mktemp)
exported=$(mktemp)
here=$(cd "$(dirname "$0")" && pwd)
trap 'rm -rf "$XDG_STATE_HOME" "$errors" "$exported"' EXIT

password='correct horse battery'
answer=  # The last document.

# as PROFILE COMMAND…: one command of one person; standard input is passed on.
as() {
    local profile=$1 code
    shift
    printf '\n%s$ convene' "$profile"
    printf ' %q' "$@"
    printf '\n'
    answer=$("$convene" --json --profile "$profile" "${options[@]}" "$@" 2>"$errors")
    code=$?
    printf 'exit %s\n' "$code"
    if [ -n "$answer" ]; then jq -S . <<<"$answer"; fi
    if [ "$code" -ne 0 ]; then tail -n 1 "$errors" | jq -S .; fi
}

# out PROFILE COMMAND…: what a command prints that gives no JSON.
out() {
    local profile=$1
    shift
    "$convene" --profile "$profile" "${options[@]}" "$@" 2>>"$errors"
}

say() { as "$@" <<<"$password"; }
id() { jq -r .id <<<"$answer"; }
next() { jq -r .next <<<"$answer"; }
heading() { printf '\n## %s\n' "$1"; }

mission() {
    heading 'Accounts'
    say alice register alice --password-stdin
    say bob register bob --password-stdin
    say carol register carol --password-stdin
    say dora register dora --password-stdin
    say other register alice --password-stdin
    say other register Alice --password-stdin
    as other register erik --password-stdin <<<'short'
    as other whoami
    as alice whoami
    say other login nobody --password-stdin
    as other login alice --password-stdin <<<'a wrong password'
    say other login alice --password-stdin
    as other logout
    as other whoami
    as other register alice extra

    heading 'A calendar is there from the start'
    as alice calendar --from 2027-03-01 --to 2027-03-31

    heading 'Events'
    as alice event create --title 'Standup 会議 🎉' --start 2027-03-10T09:00 --for 30m --zone Europe/Berlin --location 'Room 1' \
        --description 'Daily' --invite bob,carol
    local standup && standup=$(id)
    as alice event create --title 'Concert' --start 2027-03-12T20:00 --end 2027-03-12T23:00 --zone America/New_York --public
    local concert && concert=$(id)
    as alice event create --title 'Holiday' --start 2027-03-29 --end 2027-04-02 --all-day
    local holiday && holiday=$(id)
    as dora event create --title 'Open day' --start 2027-03-20 --all-day --public --description 'Everyone is welcome'
    local openday && openday=$(id)
    as alice event show "$standup"
    as bob event show "$standup"
    as dora event show "$standup"
    as dora event show "$concert"
    as alice event show 0198c0de-7000-7abc-8def-0123456789ab
    as alice event show nonsense
    as alice event edit "$standup" --title 'Standup' --if-version 1
    as alice event edit "$standup" --title 'Late' --if-version 1
    as alice event edit "$standup" --start 2027-03-10T10:00
    as bob event edit "$standup" --title 'Mine now'
    as dora event edit "$standup" --title 'Mine now'

    heading 'What is refused at the door'
    as alice event create --title '' --start 2027-03-10T09:00
    as alice event create --title $'two\nlines' --start 2027-03-10T09:00
    as alice event create --title X --start 2027-02-30T09:00
    as alice event create --title X --start 2027-03-28T02:30 --zone Europe/Berlin
    as alice event create --title X --start 2027-03-10T09:00 --zone Mars/Phobos
    as alice event create --title X --start 2027-03-10T09:00 --end 2027-03-10T08:00
    as alice event create --title X --start 2027-03-10T09:00 --invite nobody
    as alice event create --title X --start 2027-03-10T09:00 --invite alice
    as alice event list --limit 0
    as alice event list --after 'no such cursor'
    as alice event list --from 2027-03-02 --to 2027-03-01
    as nobody event list --public

    heading 'Invitations and the three answers'
    as bob invitations
    as carol invitations
    as bob calendar --from 2027-03-01 --to 2027-03-31
    as bob respond "$standup" accept
    as bob respond "$standup" accept
    as carol respond "$standup" maybe
    as bob invitations
    as bob invitations --all
    as bob calendar --from 2027-03-01 --to 2027-03-31
    as carol calendar --from 2027-03-01 --to 2027-03-31
    as alice participants "$standup"
    as bob participants "$standup" --status maybe
    as dora participants "$standup"
    as carol respond "$standup" decline
    as carol calendar --from 2027-03-01 --to 2027-03-31
    as carol respond "$standup" accept
    as alice participants "$standup" --status going --limit 1
    as alice participants "$standup" --status going --limit 1 --after "$(next)"
    as dora respond "$standup" accept
    as dora respond "$concert" accept
    as alice respond "$standup" accept
    as alice invite "$standup" dora bob
    as bob invite "$standup" dora
    as alice uninvite "$standup" dora
    as dora event show "$standup"
    as alice invite "$standup" nobody

    heading 'Public events'
    as bob event list --public --from 2027-03-01
    as bob event list --public --from 2027-03-01 --search WELCOME
    as bob event list --public --from 2027-03-01 --limit 1
    as bob event list --public --from 2027-03-01 --limit 1 --after "$(next)"
    as bob event list --from 2027-03-01
    as bob attend "$concert"
    as carol attend "$concert" --maybe
    as carol participants "$concert"
    as bob calendar --from 2027-03-12 --to 2027-03-13
    as bob unattend "$concert"
    as bob calendar --from 2027-03-12 --to 2027-03-13
    as bob attend "$standup"
    as dora attend "$openday"

    heading 'Sharing, one way'
    as bob calendar --of alice
    as alice share bob
    as bob calendar --of alice --from 2027-03-01 --to 2027-03-31
    as alice calendar --of bob
    as alice share carol --busy-only
    as carol calendar --of alice --from 2027-03-01 --to 2027-03-31
    as alice shares
    as carol shares
    as alice unshare bob
    as alice unshare bob
    as bob calendar --of alice
    as alice share alice
    as alice share nobody
    as alice calendar --of nobody
    as alice calendar --of alice --from 2027-03-29 --to 2027-03-29

    heading 'What comes again'
    as alice event create --title 'Sync' --start 2027-05-03T10:00 --for 30m --zone Europe/Berlin --invite bob,carol \
        --repeat 'every week on mon until 2027-06-07' --remind 10m,1d
    local sync && sync=$(id)
    as alice event create --title 'Rent' --start 2027-05-31 --all-day --rrule 'FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3'
    as alice event create --title 'Never' --start 2027-05-03T10:00 --repeat 'every blue moon'
    as alice event create --title 'Never' --start 2027-05-03T10:00 --rrule 'FREQ=MINUTELY'
    as bob respond "$sync" accept
    as bob respond "$sync" decline --instance 2027-05-10T10:00
    as alice event edit "$sync" --instance 2027-05-17T10:00 --start 2027-05-18T15:00 --title 'Long sync'
    as alice event cancel "$sync" --instance 2027-05-24T10:00
    as bob calendar --from 2027-05-01 --to 2027-06-30
    as alice calendar --from 2027-05-31 --to 2027-07-31
    as bob event show "$sync" --instance 2027-05-17T10:00:00+02:00
    as bob event show "$sync" --instance 2027-05-18T10:00
    as alice event edit "$sync" --instance 2027-05-31T10:00 --following --location 'Room 2'
    as bob calendar --from 2027-05-25 --to 2027-06-30
    as bob event show "$sync"

    heading 'Full events'
    as alice event create --title 'Course' --start 2027-05-12T18:00 --public --capacity 1
    local course && course=$(id)
    as bob attend "$course"
    as carol attend "$course"
    as dora attend "$course"
    as carol attend "$course"
    as alice participants "$course"
    as bob unattend "$course"
    as alice participants "$course" --status going
    as alice event edit "$course" --no-capacity
    as alice participants "$course"
    as alice event create --title 'Nobody' --start 2027-05-12T18:00 --capacity 0

    heading 'Free times'
    as alice share carol
    as carol freebusy alice --from 2027-05-12 --to 2027-05-18
    as carol freebusy bob --from 2027-05-12 --to 2027-05-18
    as carol find-time alice --for 1h --between 9:00-19:00 --on mon,wed --from 2027-05-12 --to 2027-05-18
    as carol find-time alice --for 1h --between 19:00-9:00

    heading 'Calendars in and out'
    as dora import - --dry-run <"$here/mission.ics"
    as dora import - <"$here/mission.ics"
    as dora import - <"$here/mission.ics"
    as dora calendar --from 2027-09-01 --to 2027-10-31
    out dora export --from 2027-09-01 --to 2027-10-31 >"$exported"
    as carol import - <"$exported"
    as carol calendar --from 2027-09-01 --to 2027-10-31
    as carol import - <<<'not a calendar'

    heading 'Calling off'
    as alice event cancel "$standup"
    as alice event cancel "$standup"
    as bob event show "$standup"
    as bob calendar --from 2027-03-10 --to 2027-03-10
    as bob invitations --all
    as bob respond "$standup" decline
    as alice event edit "$standup" --title 'Again'
    as alice event cancel "$holiday"

    heading 'Leaving'
    as bob passwd --password-stdin <<<"$password"$'\n''another horse battery'
    say other login bob --password-stdin
    as other login bob --password-stdin <<<'another horse battery'
    as other event cancel "$openday"
    as dora account delete
    as dora account delete --yes
    as dora whoami
    say other login dora --password-stdin
    say other register dora --password-stdin
    as bob event show "$openday"
    as bob event list --public --from 2027-03-01
    as alice share dora
    as bob logout
    as bob calendar

    heading 'Whole'
    as alice check
}

# Ids, cursors and moments differ from run to run; their order of appearance does not.
mission | awk '
    BEGIN {
        h = "[0-9a-f]"
        four = h h h h
        uuid = four four "-" four "-" four "-" four "-" four four four
    }
    {
        line = $0
        out = ""
        while (match(line, uuid)) {
            found = substr(line, RSTART, RLENGTH)
            if (found != "0198c0de-7000-7abc-8def-0123456789ab") {
                if (!(found in names)) names[found] = "id-" ++count
                found = names[found]
            }
            out = out substr(line, 1, RSTART - 1) found
            line = substr(line, RSTART + RLENGTH)
        }
        line = out line
        sub(/"created": "[^"]*"/, "\"created\": \"(moment)\"", line)
        sub(/"next": "[0-9a-zA-Z_]+"/, "\"next\": \"(cursor)\"", line)
        sub(/--after [0-9a-f]+$/, "--after (cursor)", line)
        sub(/"references": [0-9]+/, "\"references\": (many)", line)
        print line
    }'
