%% Messages. A payload of more than 64 bytes would be shared by reference, so each side copies it, as two memories must.
-module(bench_messages).
-export([names/0, run/1, init/1, handle_call/3, handle_cast/2]).
-behaviour(gen_server).

-define(ROUND_TRIPS, 200000).
-define(RING_PROCESSES, 1000).
-define(RING_LAPS, 500).
-define(SENDERS, 64).
-define(MESSAGES_EACH, 10000).

names() ->
    [ping_pong, ping_pong_0_bytes, ping_pong_16_bytes, ping_pong_100_bytes, ping_pong_1024_bytes, ping_pong_65536_bytes,
     ping_pong_1048576_bytes, ping_pong_10_pairs, ping_pong_100_pairs, ping_pong_1000_pairs, ring, fan_in, call].

run(ping_pong) -> pairs(1, ?ROUND_TRIPS, 4);
run(ping_pong_0_bytes) -> pairs(1, ?ROUND_TRIPS, 0);
run(ping_pong_16_bytes) -> pairs(1, ?ROUND_TRIPS, 16);
run(ping_pong_100_bytes) -> pairs(1, ?ROUND_TRIPS, 100);
run(ping_pong_1024_bytes) -> pairs(1, ?ROUND_TRIPS, 1024);
run(ping_pong_65536_bytes) -> pairs(1, ?ROUND_TRIPS div 10, 65536);
run(ping_pong_1048576_bytes) -> pairs(1, ?ROUND_TRIPS div 200, 1048576);
run(ping_pong_10_pairs) -> pairs(10, ?ROUND_TRIPS div 10, 4);
run(ping_pong_100_pairs) -> pairs(100, ?ROUND_TRIPS div 100, 4);
run(ping_pong_1000_pairs) -> pairs(1000, ?ROUND_TRIPS div 1000, 4);
run(ring) ->
    Self = self(),
    First = lists:foldl(fun(_, Next) -> spawn_link(fun() -> pass(Next) end) end, Self, lists:seq(2, ?RING_PROCESSES)),
    Work = bench:timed(?RING_PROCESSES * ?RING_LAPS, fun() -> laps(First, ?RING_LAPS) end),
    stop(First),
    Work;
run(fan_in) ->
    process_flag(message_queue_data, off_heap),
    Self = self(),
    bench:timed(?SENDERS * ?MESSAGES_EACH, fun() ->
        [spawn(fun() -> send(Self, small(), ?MESSAGES_EACH) end) || _ <- lists:seq(1, ?SENDERS)],
        bench:await(?SENDERS * ?MESSAGES_EACH)
    end);
run(call) ->
    {ok, Server} = gen_server:start(?MODULE, [], []),
    Work = bench:timed(?ROUND_TRIPS, fun() -> calls(Server, ?ROUND_TRIPS) end),
    gen_server:stop(Server),
    Work.

%% So many pairs, with so many round trips each. Both copy what they are about to send.
pairs(Pairs, Each, Size) ->
    Self = self(),
    Payload = binary:copy(<<7>>, Size),
    bench:timed(Pairs * Each, fun() ->
        [spawn(fun() -> ping(Payload, Each), Self ! done end) || _ <- lists:seq(1, Pairs)],
        bench:await(Pairs)
    end).

ping(Payload, Trips) ->
    Pong = spawn(fun pong/0),
    ping(Pong, Payload, Trips).

ping(Pong, _, 0) ->
    Pong ! stop;
ping(Pong, Payload, Trips) ->
    Pong ! {self(), copy(Payload)},
    receive Back -> ping(Pong, Back, Trips - 1) end.

pong() ->
    receive
        stop -> ok;
        {From, Payload} -> From ! copy(Payload), pong()
    end.

copy(Payload) when byte_size(Payload) > 64 -> binary:copy(Payload);
copy(Payload) -> Payload.

pass(Next) ->
    receive
        stop -> Next ! stop;
        Message -> Next ! Message, pass(Next)
    end.

laps(_, 0) -> ok;
laps(First, Laps) -> First ! small(), receive _ -> laps(First, Laps - 1) end.

stop(First) -> First ! stop, receive stop -> ok end.

send(_, _, 0) -> ok;
send(To, Message, N) -> To ! Message, send(To, Message, N - 1).

calls(_, 0) -> ok;
calls(Server, N) ->
    <<1, 2, 3, 4>> = gen_server:call(Server, small(), infinity),
    calls(Server, N - 1).

%% Four bytes that are no literal: those would not be copied from process to process.
small() -> binary:copy(<<1, 2, 3, 4>>).

init([]) -> {ok, none}.
handle_call(Payload, _, State) -> {reply, Payload, State}.
handle_cast(_, State) -> {noreply, State}.
