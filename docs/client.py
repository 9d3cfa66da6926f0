"""A whole client of the protocol (docs/protocol.md): ask, read along, approve, see it on the teleprompter.

pip install websockets
python docs/client.py http://127.0.0.1:8000 xiaolin@demo.cuedesk cuedesk-demo "给小雅的直播间写一段保温杯开场，30秒"
"""

import asyncio
import json
import sys
import urllib.request
import uuid

from websockets.asyncio.client import connect


def post(url, body, cookie=""):
    headers = {"Content-Type": "application/json", "Cookie": cookie}
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)) as answer:
        return json.load(answer), answer.headers.get("Set-Cookie", "").partition(";")[0]


async def main(server, email, password, request):
    _, cookie = post(f"{server}/api/v1/auth/login", {"email": email, "password": password})
    thread, _ = post(f"{server}/api/v1/threads", {}, cookie)
    token, _ = post(f"{server}/api/v1/auth/token", {}, cookie)
    address = server.replace("http", "ws", 1) + "/ws"
    async with connect(address, additional_headers={"Authorization": f"Bearer {token['access_token']}"}) as socket:

        async def say(type, **fields):
            await socket.send(json.dumps({"id": str(uuid.uuid4()), "type": type, **fields}))

        await say("subscribe", topic=f"thread:{thread['id']}")
        await say("message", thread_id=thread["id"], content=request)
        finalized = None
        async for text in socket:
            match json.loads(text):
                case {"type": "ack", "status": "rejected", "error": problem}:
                    sys.exit(f"refused: {problem['code']}: {problem['message']}")
                case {"type": "token", "content": piece}:
                    print(piece, end="", flush=True)
                case {"type": "clarification", "message": question, "options": options}:
                    sys.exit(f"{question} {' / '.join(option['label'] for option in options)}")
                case {"type": "interrupt", "interrupt_id": interrupt, "allowed": allowed}:
                    print(f"\n[allowed: {', '.join(allowed)}]")
                    await say("interrupt_response", thread_id=thread["id"], interrupt_id=interrupt, decision="approve")
                case {"type": "script_finalized"} as finalized:
                    print(f"[final] {finalized['title']} v{finalized['version']}\n{finalized['content']}")
                    if finalized["room_id"] is None:
                        return
                    await say("subscribe", topic=f"room:{finalized['room_id']}")
                case {"type": "prompter_state", "version": version, "title": title, "acked_version": acked}:
                    print(
                        f"[teleprompter] version {version}: {title} ({'on' if acked >= version else 'not on'} screen)"
                    )
                    return
                case {"type": "run", "status": "failed" | "expired" | "cancelled" as status, "error": error}:
                    sys.exit(f"\nthe run {status}: {error}")


asyncio.run(main(*sys.argv[1:]))
