"""The document says what the server does: schemathesis asks everything it describes."""



from backend.api.routes import openapi


def test_every_operation_has_a_name_a_sentence_and_a_declared_problem():
    names = []
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert operation["description"], (method, path)
            assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)
            assert "422" not in operation["responses"], (method, path)
    assert len(names) == len(set(names))
    assert len(names) >= 35


def test_the_document_is_the_same_each_time():
    assert openapi() == openapi()
