'use client';

import { EdgerailError, guardStream, loadEngine } from 'edgerail';
import { useEffect, useState } from 'react';

import { check } from '../check.mjs';

const bundle = () => fetch('/guardrail.bundle');

export function Report() {
  const [report, setReport] = useState('');
  useEffect(() => {
    check({ loadEngine, guardStream, EdgerailError }, bundle)
      .catch((error) => ({ failed: String(error) }))
      .then((value) => setReport(JSON.stringify(value)));
  }, []);
  return <pre id="report">{report}</pre>;
}
