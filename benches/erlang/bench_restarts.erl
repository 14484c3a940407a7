%% A supervisor whose only child ends at once. OTP keeps a list of the restarts within its window and walks it at each one,
%% so both are measured: a history that stays short, because supervisors take turns, and one that grows for a second.
-module(bench_restarts).
-export([names/0, run/1, init/1, start_child/1]).
-behaviour(supervisor).

-define(SHORT, 200).
-define(SUPERVISORS, 50).
-define(LONG, 5000).

names() -> [restart_short_history, restart_window_1s].

run(Name) ->
    %% The reports of so many crashes would be measured instead.
    logger:set_primary_config(level, none),
    restarts(Name).

restarts(restart_short_history) ->
    bench:timed(?SUPERVISORS * ?SHORT, fun() -> [restarts(?SHORT) || _ <- lists:seq(1, ?SUPERVISORS)] end);
restarts(restart_window_1s) ->
    bench:timed(?LONG, fun() -> restarts(?LONG) end);
restarts(Times) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, self()),
    bench:await(Times),
    unlink(Supervisor),
    exit(Supervisor, kill),
    flush().

flush() ->
    receive _ -> flush() after 0 -> ok end.

init(Report) ->
    Child = #{id => crash, start => {?MODULE, start_child, [Report]}, restart => permanent},
    {ok, {#{strategy => one_for_one, intensity => 1000000, period => 1}, [Child]}}.

start_child(Report) ->
    {ok, spawn_link(fun() -> Report ! started, exit(as_planned) end)}.
