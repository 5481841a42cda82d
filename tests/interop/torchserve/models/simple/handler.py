import json


def handle(requests, context):
    return [respond(request.get("data") or request.get("body")) for request in requests or []]


def respond(body):
    body = json.loads(body) if isinstance(body, (bytes, bytearray)) else body
    print("BODY", body)
    a, b = (tensor.get("data") or tensor["contents"]["int_contents"] for tensor in body["inputs"])
    return {"id": body.get("id"), "model_name": "simple", "model_version": "1.0", "outputs": [
        {"name": name, "shape": [1, 16], "datatype": "INT32", "data": data}
        for name, data in [("OUTPUT0", [x + y for x, y in zip(a, b)]), ("OUTPUT1", [x - y for x, y in zip(a, b)])]]}
