// Stands in for the model's API, so that snippets that call it run without a network and without a key. It says what it
// was sent, in the API's own form.

const fetchThere = globalThis.fetch;

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const { hostname } = new URL(request.url);
  if (hostname !== 'api.openai.com') return fetchThere(input, init);
  const { messages = [], stream } = await request.json();
  if (JSON.stringify(messages).includes('ana.perez@')) throw new Error('the prompt came here as it was typed');
  const content = `You wrote: ${messages.at(-1)?.content ?? ''}`;
  if (!stream) {
    const message = { role: 'assistant', content };
    return Response.json({ id: '1', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] });
  }
  const events = content.match(/.{1,4}/gs).map((piece) => ({ choices: [{ index: 0, delta: { content: piece } }] }));
  const lines = [...events.map((event) => `data: ${JSON.stringify(event)}\n\n`), 'data: [DONE]\n\n'];
  return new Response(lines.join(''), { headers: { 'content-type': 'text/event-stream' } });
};
