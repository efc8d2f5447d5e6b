# shellcheck shell=sh
# mab_ask SECONDS PATH [NAME VALUE]…
# Asks Runner Bandit at $MAB_URL: by a POST of a form, or a GET when no NAME is given. Prints the answer and succeeds only
# when a whole answer of 2xx came within SECONDS; else it says on stderr why not. A VALUE that is empty is not sent.
mab_ask() (
  set +e
  limit=$1 path=$2 url=${MAB_URL%/}$2 form=''
  token=${RUNNER_BANDIT_API_TOKEN:-${RUNNER_BANDIT_ID_TOKEN:-}}
  shift 2
  fail() {
    printf 'runner-bandit: %s: %s\n' "$path" "$1" | LC_ALL=C tr -c ' -~\n' '?' | cut -c 1-500 >&2
    exit 1
  }
  case $url in
    http://* | https://*) ;;
    *) fail 'no address: give the input "url", or set the CI/CD variable RUNNER_BANDIT_URL' ;;
  esac
  while [ "$#" -ge 2 ]; do
    # Every byte as %xx, so that nothing in a job's name means anything.
    if [ -n "$2" ]; then
      form=$form${form:+&}$1=$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')
    fi
    shift 2
  done
  # Behind the answer come its status and that of the program, so that half an answer is none.
  if command -v curl > /dev/null 2>&1; then
    set -- -sS --proto '=http,https' --max-time "$limit" -w '\n%{http_code} ' -K -
    [ -z "$form" ] || set -- "$@" -d "$form"
    # The token goes by stdin: everyone on the machine can read what stands on a command line.
    answer=$(
      {
        printf '%s\n' "$token" | sed -n 's/[\\"]/\\&/g; s/..*/header = "Authorization: Bearer &"/p' | curl "$@" "$url"
        printf %s "$?"
      } | head -c 4000000
    )
  elif command -v wget > /dev/null 2>&1; then
    options=$(wget --help 2>&1)
    set -- -q -O -
    case $options in *--max-redirect*) set -- "$@" --max-redirect=0 -t 1 ;; esac
    [ -z "$token" ] || set -- "$@" --header "Authorization: Bearer $token"
    [ -z "$form" ] || set -- "$@" --post-data "$form"
    # Its own limit, where it has one, is of silence only.
    if command -v timeout > /dev/null 2>&1; then
      set -- timeout "$limit" wget "$@" "$url"
    else
      set -- wget -T "$limit" "$@" "$url"
    fi
    answer=$(
      {
        "$@" < /dev/null
        printf '\n200 %s' "$?"
      } | head -c 4000000
    )
  else
    fail 'neither curl nor wget is here'
  fi
  code=$(printf '%s\n' "$answer" | tail -n 1)
  answer=$(printf '%s\n' "$answer" | sed '$d')
  case $code in
    2??' 0') printf '%s\n' "$answer" ;;
    *' 0') fail "answered ${code% 0}: $answer" ;;
    *) fail "no whole answer within $limit seconds" ;;
  esac
)
