"""The control tokens that every tokenizer trained here has, and the chat template made of them.

They are reserved from the first day, so that a base model that is taught to answer needs no new
rows in its embedding. END also stands between the documents of a corpus: what a model says before
it is over. Light: names only.
"""

END = "<|end|>"
SYSTEM = "<|system|>"
USER = "<|user|>"
ASSISTANT = "<|assistant|>"
# In the order of their ids, from 0 on.
MARKS = (END, SYSTEM, USER, ASSISTANT)

# Nothing but the marks around each turn: a small model has no tokens to spare.
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] == 'system' %}<|system|>"
    "{% elif message['role'] == 'user' %}<|user|>"
    "{% elif message['role'] == 'assistant' %}<|assistant|>"
    "{% else %}{{ raise_exception('This model knows no tools.') }}"
    "{% endif %}{{ message['content'] }}<|end|>"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
