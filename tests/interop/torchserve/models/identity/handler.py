"""Returns every input as OUT_<name>, without decoding it."""
import json


def handle(requests, context):
    return [respond(request["body"]) for request in requests or []]


def respond(body):
    body = json.loads(body) if isinstance(body, (bytes, bytearray)) else body
    return {"id": body.get("id"), "model_name": "identity", "model_version": "1.0", "outputs": [
        dict(tensor, name="OUT_" + tensor["name"]) for tensor in body["inputs"]]}
